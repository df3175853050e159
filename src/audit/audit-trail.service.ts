import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type Insertion, insertTogether } from '../database/insert-together';
import { DomainError } from '../errors/domain.error';
import type { ErrorCode } from '../errors/error-codes';
import { currentRequest, type RequestContext } from '../http/request-context';
import {
  type AuditDetails,
  type AuditEntry,
  type AuditObjectType,
  type AuditOutcome,
  canonicalText,
} from './audit-entry';
import type { AuditedActions } from './audited.decorator';

export interface AuditFacts {
  readonly objectType?: AuditObjectType;
  readonly objectId?: string;
  readonly actorId?: string;
  readonly actorRole?: string;
  readonly details?: AuditDetails;
}

const INBOX = 'audit_inbox';

interface Draft {
  readonly actions: AuditedActions;
  readonly eventId: string;
  facts: AuditFacts;
  written: boolean;
  /** Reason of the refusal that has been written. */
  refused?: ErrorCode;
}

/**
 * The audit entry of the request under way: opened by the interceptor, described by services, written inside the
 * service's transaction where there is one, else by the interceptor before the first byte of the answer.
 */
@Injectable()
export class AuditTrail {
  private readonly drafts = new WeakMap<RequestContext, Draft>();

  constructor(private readonly dataSource: DataSource) {}

  open(actions: AuditedActions, details: AuditDetails): void {
    const request = currentRequest();
    if (request === undefined) throw new Error('an audit entry is opened by a request');
    this.drafts.set(request, {
      actions,
      eventId: uuidv7(),
      facts: { details },
      written: false,
    });
  }

  /** Adds ids and codes to the entry of this request. */
  describe(facts: AuditFacts): void {
    const draft = this.draft();
    draft.facts = { ...draft.facts, ...facts, details: { ...draft.facts.details, ...facts.details } };
  }

  /**
   * Writes the entry of this request in the caller's transaction: it commits with the change it records.
   * @returns the event id
   */
  async write(manager: EntityManager, facts: AuditFacts = {}): Promise<string> {
    this.describe(facts);
    const draft = this.draft();
    await this.append(manager, entryOf(draft.actions.success, draft.eventId, 'success', null, draft.facts));
    draft.written = true;
    return draft.eventId;
  }

  /** Stores rows and the entry of this request in one statement: all of it, or nothing. */
  async writeWith(insertions: readonly Insertion[]): Promise<void> {
    const draft = this.draft();
    const entry = entryOf(draft.actions.success, draft.eventId, 'success', null, draft.facts);
    await this.append(this.dataSource.manager, entry, insertions);
    draft.written = true;
  }

  /** Writes the entry if no transaction has. */
  async close(): Promise<string> {
    const draft = this.draft();
    return draft.written ? draft.eventId : this.write(this.dataSource.manager);
  }

  /**
   * Records that the request was refused or failed, together with rows that are to be kept nevertheless. What a
   * transaction wrote that was rolled back is gone, so this is an entry of its own.
   */
  async closeWith(
    reason: ErrorCode,
    httpStatus: number,
    insertions: readonly Insertion[] = [],
  ): Promise<void> {
    const draft = this.draft();
    if (draft.refused === reason) return;
    const { actions, facts } = draft;
    const outcome = httpStatus < 500 ? 'refused' : 'failed';
    const details = { ...facts.details, http_status: httpStatus };
    const entry = entryOf(actions.failure, uuidv7(), outcome, reason, { ...facts, details });
    await this.append(this.dataSource.manager, entry, insertions);
    draft.refused = reason;
  }

  /** A refusal by a guard, which runs before an entry is open. */
  async refused(reason: ErrorCode, details: AuditDetails, facts: AuditFacts = {}): Promise<void> {
    await this.append(
      this.dataSource.manager,
      entryOf('auth.refused', uuidv7(), 'refused', reason, { ...facts, details }),
    );
  }

  /** An event beside the request's own entry, or of no request at all (start-up, jobs). */
  async record(manager: EntityManager, action: AuditEntry['action'], facts: AuditFacts): Promise<void> {
    await this.append(manager, entryOf(action, uuidv7(), 'success', null, facts));
  }

  private draft(): Draft {
    const request = currentRequest();
    const draft = request && this.drafts.get(request);
    if (draft === undefined) throw new Error('no audit entry is open: is the route @Audited()?');
    return draft;
  }

  private async append(
    manager: EntityManager,
    entry: AuditEntry,
    insertions: readonly Insertion[] = [],
  ): Promise<void> {
    const row = { event_id: entry.event_id, canonical: canonicalText(entry) };
    try {
      await insertTogether(manager, [...insertions, { table: INBOX, rows: [row] }]);
    } catch (error) {
      if (insertions.length > 0 && !(error as Error).message.includes(INBOX)) throw error;
      throw new DomainError('AUDIT_UNAVAILABLE', undefined, { cause: error, retryAfterSeconds: 5 });
    }
  }
}

function entryOf(
  action: AuditEntry['action'],
  eventId: string,
  outcome: AuditOutcome,
  reason: ErrorCode | null,
  facts: AuditFacts,
): AuditEntry {
  const request = currentRequest();
  return {
    event_id: eventId,
    occurred_at: new Date().toISOString(),
    actor_id: facts.actorId ?? request?.principal?.userId ?? null,
    actor_role: facts.actorRole ?? request?.principal?.role ?? null,
    action,
    object_type: facts.objectType ?? null,
    object_id: facts.objectId ?? null,
    outcome,
    reason,
    request_id: request?.requestId ?? null,
    ip: request?.ip ?? null,
    user_agent: request?.userAgent ?? null,
    details: facts.details ?? {},
  };
}
