import { AsyncResource } from 'node:async_hooks';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../audit/audit-trail.service';
import { insertTogether } from '../../database/insert-together';
import { toDomainError } from '../../errors/to-domain-error';
import type { Principal, Role } from '../../http/principal';

/** What runs for longer is put on record while it runs. */
const LONG_MS = 1_000;
const SEEN_EVERY_MS = 10_000;
/** A server that has not been heard of for so long does not run it any more. */
const SILENCE_SECONDS = 60;
const SWEEP_MS = 60_000;

interface InferenceRequest {
  readonly objectType: 'inference_result' | 'inference_batch';
  /** Of the result or the batch to be. */
  readonly objectId: string;
  readonly principal: Pick<Principal, 'userId' | 'role'>;
}

interface Open extends InferenceRequest {
  readonly id: string;
  readonly requestedAt: Date;
  /** Of the request, whose id and address its entries name. */
  readonly scope: AsyncResource;
  recorded: boolean;
}

/**
 * Sees to it that an inference leaves a trace though the server that runs it dies. Its entry commits with its result, or
 * says why there is none; one that takes longer than a second is recorded as requested meanwhile, beside the request and
 * not in its way, and as abandoned when nothing has come of it and its server is silent.
 */
@Injectable()
export class OpenInferences implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('OpenInferences');
  private readonly open = new Map<string, Open>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  onApplicationBootstrap(): void {
    this.every(LONG_MS / 2, () => this.record());
    this.every(SEEN_EVERY_MS, () => this.see());
    this.every(SWEEP_MS, () => this.sweep());
  }

  onModuleDestroy(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  async follow<T>(request: InferenceRequest, run: () => Promise<T>): Promise<T> {
    const id = uuidv7();
    const scope = new AsyncResource('OpenInference');
    const { objectType, objectId, principal } = request;
    this.open.set(id, {
      id,
      objectType,
      objectId,
      principal,
      requestedAt: new Date(),
      scope,
      recorded: false,
    });
    try {
      return await run();
    } finally {
      this.open.delete(id);
    }
  }

  /** What has run for long by now, in one statement. */
  private async record(): Promise<void> {
    const since = Date.now() - LONG_MS;
    const long = [...this.open.values()].filter(
      (each) => !each.recorded && each.requestedAt.getTime() < since,
    );
    if (long.length === 0) return;
    const entries = long.map((each) =>
      each.scope.runInAsyncScope(() => this.trail.entries([requestedEvent(each)])),
    );
    const rows = long.map(({ id, objectType, objectId, principal, requestedAt }) => ({
      id,
      object_type: objectType,
      object_id: objectId,
      actor_id: principal.userId,
      actor_role: principal.role,
      requested_at: requestedAt,
    }));
    for (const each of long) each.recorded = true;
    try {
      await insertTogether(this.dataSource, [
        { table: entries[0]!.table, rows: entries.flatMap((entry) => entry.rows) },
        { table: 'inference_requests', rows },
      ]);
    } catch (error) {
      for (const each of long) each.recorded = false;
      throw error;
    }
  }

  private async see(): Promise<void> {
    const ids = [...this.open.values()].filter(({ recorded }) => recorded).map(({ id }) => id);
    if (ids.length === 0) return;
    await this.dataSource.query(
      'UPDATE inference_requests SET seen_at = clock_timestamp() WHERE id = ANY ($1::uuid[])',
      [ids],
    );
  }

  /** Forgets what has an outcome on record, and records as abandoned what has none and nobody runs. Any replica may. */
  async sweep(): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [silent] = await manager.query<[SilentRow[], number]>(
        `DELETE FROM inference_requests WHERE id IN (
           SELECT id FROM inference_requests
           WHERE seen_at < clock_timestamp() - make_interval(secs => ${SILENCE_SECONDS})
           ORDER BY inference_requests.id LIMIT 500 FOR UPDATE SKIP LOCKED)
         RETURNING object_type, object_id, actor_id, actor_role, requested_at, EXISTS (
           SELECT FROM audit_logs AS entry
           WHERE entry.object_id = inference_requests.object_id::text AND action <> 'inference.requested'
         ) OR EXISTS (
           SELECT FROM audit_inbox WHERE canonical LIKE '%"object_id":"' || object_id || '"%'
             AND canonical NOT LIKE '%"action":"inference.requested"%'
         ) AS has_outcome`,
      );
      const abandoned = silent.filter(({ has_outcome }) => !has_outcome).map(abandonedEvent);
      if (abandoned.length === 0) return;
      await this.trail.recordWith(manager, abandoned, []);
      this.logger.warn({ event: 'inference.abandoned', count: abandoned.length });
    });
  }

  private every(milliseconds: number, work: () => Promise<void>): void {
    const timer = setTimeout(() => {
      void work()
        .catch((error: unknown) =>
          this.logger.warn({ event: 'inference.not_followed', code: toDomainError(error).code }),
        )
        .then(() => this.timers.has(timer) && timer.refresh());
    }, milliseconds).unref();
    this.timers.add(timer);
  }
}

interface SilentRow {
  readonly object_type: InferenceRequest['objectType'];
  readonly object_id: string;
  readonly actor_id: string;
  readonly actor_role: Role;
  readonly requested_at: Date;
  readonly has_outcome: boolean;
}

type Event = Parameters<AuditTrail['entries']>[0][number];

const requestedEvent = ({ objectType, objectId, principal, requestedAt }: Open): Event => ({
  action: 'inference.requested',
  objectType,
  objectId,
  actorId: principal.userId,
  actorRole: principal.role,
  details: { requested_at: requestedAt.toISOString() },
});

const abandonedEvent = (row: SilentRow): Event => ({
  action: 'inference.abandoned',
  outcome: 'failed',
  objectType: row.object_type,
  objectId: row.object_id,
  actorId: row.actor_id,
  actorRole: row.actor_role,
  details: { requested_at: row.requested_at.toISOString() },
});
