import { SetMetadata } from '@nestjs/common';
import type { AuditAction } from './audit-entry';

export interface AuditedActions {
  readonly success: AuditAction;
  /** Action of the entry when the request is refused or fails; the same as `success` unless named. */
  readonly failure: AuditAction;
  /** When the client went away before it had an answer; the same as `failure` unless named. */
  readonly abandonment: AuditAction;
}

export const AUDITED = Symbol('audited action');

/** What a call of this route is called in the audit trail. */
export const Audited = (
  success: AuditAction,
  failure: AuditAction = success,
  abandonment: AuditAction = failure,
): MethodDecorator => SetMetadata(AUDITED, { success, failure, abandonment } satisfies AuditedActions);

/** Probes, metrics and documentation: they touch nothing that anybody would ask about later. */
export const NOT_AUDITED = Symbol('not audited');
export const NotAudited = (): MethodDecorator => SetMetadata(NOT_AUDITED, true);
