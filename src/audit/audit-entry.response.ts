import { ApiProperty } from '@nestjs/swagger';
import { entryHash } from './audit-chain';
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, readEntry } from './audit-entry';
import type { AuditLog } from './audit-log.entity';

export class AuditEntryResponse {
  @ApiProperty({ description: 'Position in the chain, from 1' })
  readonly seq: string;

  @ApiProperty()
  readonly event_id: string;

  @ApiProperty()
  readonly occurred_at: string;

  @ApiProperty({ type: String, nullable: true })
  readonly actor_id: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly actor_role: string | null;

  @ApiProperty({ enum: AUDIT_ACTIONS })
  readonly action: string;

  @ApiProperty({ type: String, nullable: true })
  readonly object_type: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly object_id: string | null;

  @ApiProperty({ enum: AUDIT_OUTCOMES })
  readonly outcome: string;

  @ApiProperty({ type: String, nullable: true, description: 'Error code of a refusal or failure' })
  readonly reason: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly request_id: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly ip: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly user_agent: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly details: object;

  @ApiProperty({
    description:
      'Whether entry_hash is not the hash of the stored text: it has been changed since it was chained. False proves ' +
      'nothing, GET /audit/verify does',
  })
  readonly altered: boolean;

  @ApiProperty({ description: 'SHA-256, hex' })
  readonly entry_hash: string;

  @ApiProperty({ description: 'SHA-256, hex' })
  readonly previous_hash: string;
}

export class AuditPageResponse {
  @ApiProperty({ type: [AuditEntryResponse] })
  readonly items: AuditEntryResponse[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Entries up to this one are archived and not in the list; null for none',
  })
  readonly archived_through: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly next_cursor: string | null;
}

/** Built from the hashed text alone, so that what is shown is what was hashed. */
export function toAuditEntryResponse(row: AuditLog): AuditEntryResponse {
  const entry = readEntry(row.canonical) ?? filedEntry(row);
  return {
    seq: row.seq,
    event_id: entry.event_id,
    occurred_at: entry.occurred_at,
    actor_id: entry.actor_id,
    actor_role: entry.actor_role,
    action: entry.action,
    object_type: entry.object_type,
    object_id: entry.object_id,
    outcome: entry.outcome,
    reason: entry.reason,
    request_id: entry.request_id,
    ip: entry.ip,
    user_agent: entry.user_agent,
    details: entry.details,
    altered: !entryHash(BigInt(row.seq), row.previousHash, row.canonical).equals(row.entryHash),
    entry_hash: row.entryHash.toString('hex'),
    previous_hash: row.previousHash.toString('hex'),
  };
}

/** Of a text that is no entry, which only an administrator of the database can have put there: what it is filed under. */
const filedEntry = (row: AuditLog): Omit<AuditEntryResponse, 'seq' | 'altered' | `${string}_hash`> => ({
  event_id: row.eventId,
  occurred_at: row.occurredAt,
  actor_id: row.actorId,
  actor_role: null,
  action: row.action,
  object_type: row.objectType,
  object_id: row.objectId,
  outcome: row.outcome,
  reason: null,
  request_id: null,
  ip: null,
  user_agent: null,
  details: {},
});
