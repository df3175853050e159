import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { type Insertion, insertTogether } from '../database/insert-together';
import { DomainError } from '../errors/domain.error';
import type { ErrorCode } from '../errors/error-codes';
import { isDatabaseUnavailable } from '../errors/to-domain-error';
import { currentRequest, type RequestContext } from '../http/request-context';
import { assertDetails, assertObjectId, type AuditDetails } from './audit-details';
import {
  type AuditAction,
  type AuditEntry,
  type AuditObjectType,
  type AuditOutcome,
  canonicalText,
  productsOf,
} from './audit-entry';
import { auditUnrecordedRefusals, storeDuration } from './audit.metrics';
import type { AuditedActions } from './audited.decorator';

export interface AuditFacts {
  readonly objectType?: AuditObjectType;
  readonly objectId?: string;
  readonly actorId?: string;
  readonly actorRole?: string;
  readonly details?: AuditDetails;
}

/** An event that no draft of a request stands for. */
export interface AuditEvent extends AuditFacts {
  /** `success` unless named. */
  readonly outcome?: AuditOutcome;
  readonly reason?: ErrorCode;
}

interface NamedEvent extends AuditEvent {
  readonly action: AuditAction;
}

const INBOX = 'audit_inbox';

interface Draft {
  actions: AuditedActions;
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

  private readonly logger = new Logger('AuditTrail');

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

  /** Whatever comes of this request, it is called this in the trail. */
  rename(action: AuditAction): void {
    this.draft().actions = { success: action, failure: action, abandonment: action };
  }

  /** Adds ids and codes to the entry of this request. */
  describe(facts: AuditFacts): void {
    assertFacts(facts);
    const draft = this.draft();
    draft.facts = { ...draft.facts, ...facts, details: { ...draft.facts.details, ...facts.details } };
  }

  /**
   * Writes the entry of this request in the caller's transaction: it commits with the change it records.
   * @param action where what was done is known more exactly than by the route
   * @returns the event id
   */
  async write(manager: EntityManager, facts: AuditFacts = {}, action?: AuditAction): Promise<string> {
    this.describe(facts);
    const draft = this.draft();
    await this.append(manager, entryOf(action ?? draft.actions.success, draft.facts, draft.eventId));
    draft.written = true;
    return draft.eventId;
  }

  /** Stores rows and the entry of this request in one statement: all of it, or nothing. */
  async writeWith(insertions: readonly Insertion[]): Promise<void> {
    const draft = this.draft();
    const entry = entryOf(draft.actions.success, draft.facts, draft.eventId);
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
    const action = reason === 'REQUEST_ABANDONED' ? actions.abandonment : actions.failure;
    const entry = entryOf(action, { ...facts, details, outcome, reason });
    await this.append(this.dataSource.manager, entry, insertions);
    draft.refused = reason;
  }

  /**
   * Records a refusal that stands whether it is recorded or not: nothing was done, and to answer 503 instead would only
   * hide it from the caller. What could not be recorded is counted and logged.
   */
  async recordRefusal(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      auditUnrecordedRefusals.inc();
      const { code } = ((error as Error).cause ?? error) as { code?: string };
      this.logger.error({ event: 'audit.refusal_not_recorded', cause_code: code });
    }
  }

  /** A refusal by a guard, which runs before an entry is open. */
  async refused(reason: ErrorCode, details: AuditDetails, facts: AuditFacts = {}): Promise<void> {
    const { manager } = this.dataSource;
    await this.recordRefusal(() =>
      this.record(manager, 'auth.refused', { ...facts, details, outcome: 'refused', reason }),
    );
  }

  /** An event beside the request's own entry, or of no request at all (start-up, jobs). */
  async record(manager: EntityManager, action: AuditAction, event: AuditEvent): Promise<void> {
    assertFacts(event);
    await this.append(manager, entryOf(action, event));
  }

  /** `record` for any number of events, stored in one statement with the rows they speak of. */
  async recordWith(
    manager: EntityManager,
    events: readonly NamedEvent[],
    insertions: readonly Insertion[],
  ): Promise<void> {
    await this.insert(manager, [...insertions, this.entries(events)]);
  }

  /** Entries beside the request's own, as rows for `writeWith` and `closeWith`. At least one. */
  entries(events: readonly NamedEvent[]): Insertion {
    for (const event of events) assertFacts(event);
    return { table: INBOX, rows: events.map((event) => rowOf(entryOf(event.action, event))) };
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
    await this.insert(manager, [...insertions, { table: INBOX, rows: [rowOf(entry)] }]);
  }

  private async insert(manager: EntityManager, insertions: readonly Insertion[]): Promise<void> {
    const stored = storeDuration.startTimer({ kind: insertions.length > 1 ? 'rows' : 'entry' });
    try {
      await insertTogether(manager, insertions);
    } catch (error) {
      if (insertions.length > 1 && isOfTheRows(error)) throw error;
      throw new DomainError('AUDIT_UNAVAILABLE', undefined, { cause: error, retryAfterSeconds: 5 });
    } finally {
      stored();
    }
  }
}

/** Data or constraint of a business row in the same statement; or a lost connection, after which nothing is known. */
function isOfTheRows(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return isDatabaseUnavailable(error) || (/^(22|23|42)/.test(code ?? '') && !message.includes(INBOX));
}

/** @throws Error for a fact that has no place in the trail: see `audit-details.ts` */
function assertFacts({ objectId, details }: AuditFacts): void {
  if (objectId !== undefined) assertObjectId(objectId);
  if (details !== undefined) assertDetails(details);
}

const rowOf = (entry: AuditEntry): Insertion['rows'][number] => ({
  event_id: entry.event_id,
  canonical: canonicalText(entry),
});

function entryOf(action: AuditAction, event: AuditEvent, eventId: string = uuidv7()): AuditEntry {
  const request = currentRequest();
  const keyId = request?.principal?.keyId;
  return {
    event_id: eventId,
    occurred_at: new Date().toISOString(),
    actor_id: event.actorId ?? request?.principal?.userId ?? null,
    actor_role: event.actorRole ?? (request === undefined ? 'system' : (request.principal?.role ?? null)),
    action,
    object_type: event.objectType ?? null,
    object_id: event.objectId ?? null,
    outcome: event.outcome ?? 'success',
    reason: event.reason ?? null,
    request_id: request?.requestId ?? null,
    ip: request?.ip ?? null,
    user_agent: productsOf(request?.userAgent ?? null),
    details: { ...(keyId !== undefined && { service_key_id: keyId }), ...event.details },
  };
}
