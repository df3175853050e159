import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, StreamableFile } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsWhere, LessThan, LessThanOrEqual, MoreThanOrEqual, Raw, Repository } from 'typeorm';
import { SecretsConfig } from '../config/secrets.config';
import { DomainError } from '../errors/domain.error';
import { SealedCursors } from '../http/sealed-cursors';
import { archivedError, archivedSeq, archivedThrough } from './archive/archives';
import { readEntry } from './audit-entry';
import { AuditLog } from './audit-log.entity';
import { AuditTrail } from './audit-trail.service';
import {
  type AuditEntryResponse,
  type AuditPageResponse,
  toAuditEntryResponse,
} from './audit-entry.response';
import { toFhirAuditEvent } from './fhir/audit-event';
import type { ListAuditDto } from './list-audit.dto';

const SEQUENCED_TIMEOUT_MS = 5_000;

/** Reads the chained entries. */
@Injectable()
export class AuditReader {
  private readonly cursors: SealedCursors;

  constructor(
    @InjectRepository(AuditLog) private readonly entries: Repository<AuditLog>,
    private readonly trail: AuditTrail,
    secrets: SecretsConfig,
  ) {
    this.cursors = new SealedCursors(secrets.pseudonymKey, 'audit');
  }

  async list(query: ListAuditDto): Promise<AuditPageResponse> {
    if (query.sequenced === 'wait') await this.waitUntilSequenced();
    const before = query.cursor === undefined ? undefined : this.cursors.open(filtersOf(query), query.cursor);
    const rows = await this.entries.find({
      where: { ...filterOf(query), ...(before !== undefined && { seq: LessThan(before) }) },
      order: { seq: 'DESC' },
      take: query.limit + 1,
    });
    const page = rows.slice(0, query.limit);
    this.trail.describe({ objectType: 'audit_entry', details: { count: page.length } });
    const archived = await archivedThrough(this.entries.manager);
    return {
      archived_through: archived === 0 ? null : String(archived),
      items: page.map(toAuditEntryResponse),
      next_cursor: rows.length > page.length ? this.cursors.seal(filtersOf(query), page.at(-1)!.seq) : null,
    };
  }

  async get(eventId: string, format: 'json' | 'fhir'): Promise<AuditEntryResponse | StreamableFile> {
    this.trail.describe({ objectType: 'audit_entry', objectId: eventId });
    const row = await this.entries.findOneBy({ eventId });
    if (row === null) throw await this.absence(eventId);
    if (format === 'json') return toAuditEntryResponse(row);
    const entry = readEntry(row.canonical);
    if (entry === undefined) throw new DomainError('AUDIT_ENTRY_UNREADABLE');
    const event = toFhirAuditEvent(entry);
    return new StreamableFile(Buffer.from(JSON.stringify(event)), { type: 'application/fhir+json' });
  }

  /** Event ids of the entries about one object, oldest first. */
  async eventIdsOf(objectId: string): Promise<string[]> {
    const rows = await this.entries.find({
      where: { objectId },
      select: { eventId: true, seq: true },
      order: { seq: 'ASC' },
      take: 100,
    });
    return rows.map(({ eventId }) => eventId);
  }

  private async absence(eventId: string): Promise<DomainError> {
    const { manager } = this.entries;
    const seq = await archivedSeq(manager, eventId);
    const archived = seq === undefined ? undefined : await archivedError(manager, seq);
    return archived ?? new DomainError('AUDIT_ENTRY_NOT_FOUND');
  }

  /** Waits until everything that was committed before this call is chained. */
  private async waitUntilSequenced(): Promise<void> {
    const [row] = await this.entries.query<{ newest: string | null }[]>(
      'SELECT max(id) AS newest FROM audit_inbox',
    );
    if (row === undefined || row.newest === null) return;
    const deadline = performance.now() + SEQUENCED_TIMEOUT_MS;
    while (performance.now() < deadline) {
      const [left] = await this.entries.query<{ waiting: boolean }[]>(
        'SELECT EXISTS (SELECT FROM audit_inbox WHERE id <= $1) AS waiting',
        [row.newest],
      );
      if (left?.waiting === false) return;
      await sleep(20);
    }
  }
}

/** What a cursor belongs to: it goes on with the list that it came from and no other. */
function filtersOf(query: ListAuditDto): string {
  const { actor_id, action, object_type, object_id, outcome, from, to } = query;
  return JSON.stringify([actor_id, action, object_type, object_id, outcome, from, to]);
}

function filterOf(query: ListAuditDto): FindOptionsWhere<AuditLog> {
  return {
    ...(query.actor_id !== undefined && { actorId: query.actor_id }),
    ...(query.action !== undefined && { action: query.action }),
    ...(query.object_type !== undefined && { objectType: query.object_type }),
    ...(query.object_id !== undefined && { objectId: query.object_id }),
    ...(query.outcome !== undefined && { outcome: query.outcome }),
    ...periodOf(query),
  };
}

function periodOf({ from, to }: ListAuditDto): FindOptionsWhere<AuditLog> {
  const start = from && new Date(from).toISOString();
  const end = to && new Date(to).toISOString();
  if (start && end) {
    return { occurredAt: Raw((column) => `${column} BETWEEN :start AND :end`, { start, end }) };
  }
  if (start) return { occurredAt: MoreThanOrEqual(start) };
  return end ? { occurredAt: LessThanOrEqual(end) } : {};
}
