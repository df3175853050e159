import type { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { canonicalText } from '../audit-entry';

/** Whether the batch holds an event that the chain has already. */
export function isDuplicate(error: unknown): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code === '23505' && constraint === 'audit_logs_event_id_uq';
}

const REMOVE = `DELETE FROM audit_inbox USING audit_logs WHERE audit_logs.event_id = audit_inbox.event_id
  RETURNING audit_inbox.event_id, encode(sha256(convert_to(audit_inbox.canonical, 'UTF8')), 'hex') AS hash`;

/**
 * An event id that comes a second time, which only a defect or an intruder makes, must not hold up everybody else's
 * entries. Each becomes an `audit.rejected` with the SHA-256 of the text that was turned away.
 */
export async function rejectDuplicates(client: Client): Promise<number> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    const { rows } = await client.query<{ event_id: string; hash: string }>(REMOVE);
    const entries = rows.map((row) => rejectionOf(row.event_id, row.hash));
    await client.query(
      'INSERT INTO audit_inbox (event_id, canonical) SELECT * FROM unnest($1::uuid[], $2::text[])',
      [entries.map(({ event_id }) => event_id), entries.map(canonicalText)],
    );
    await client.query('COMMIT');
    return rows.length;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

const rejectionOf = (rejectedEventId: string, rejectedHash: string): Parameters<typeof canonicalText>[0] => ({
  event_id: uuidv7(),
  occurred_at: new Date().toISOString(),
  actor_id: null,
  actor_role: 'system',
  action: 'audit.rejected',
  object_type: 'audit_entry',
  object_id: rejectedEventId,
  outcome: 'refused',
  reason: null,
  request_id: null,
  ip: null,
  user_agent: null,
  details: { rejected_event_id: rejectedEventId, rejected_hash: rejectedHash },
});
