import type { Client } from 'pg';
import { GENESIS_HASH, linkHash } from '../audit-chain';

interface Waiting {
  readonly id: string;
  /** SHA-256(0x00 || canonical). */
  readonly leaf: Buffer;
  /** Of the last entry of the chain; `null` when it is empty. */
  readonly head_seq: string | null;
  readonly head_hash: Buffer | null;
}

/** The head beside each of the oldest entries: one round trip, and next to nothing while the inbox is empty. */
const OLDEST = `SELECT id, sha256('\\x00'::bytea || convert_to(canonical, 'UTF8')) AS leaf,
    (SELECT seq FROM audit_logs ORDER BY seq DESC LIMIT 1) AS head_seq,
    (SELECT entry_hash FROM audit_logs ORDER BY seq DESC LIMIT 1) AS head_hash
  FROM audit_inbox ORDER BY id LIMIT $1`;

/** $1 ids, $2 seq of the head, $3 the head's hash and then that of each entry, 32 bytes each. */
const MOVE = `WITH taken AS (DELETE FROM audit_inbox WHERE id = ANY ($1::bigint[]) RETURNING id, canonical)
  INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash)
  SELECT $2::bigint + n, canonical, substr($3::bytea, 32 * n::int + 1, 32), substr($3::bytea, 32 * n::int - 31, 32)
  FROM unnest($1::bigint[]) WITH ORDINALITY AS place (id, n) JOIN taken USING (id)
  ORDER BY n`;

/**
 * Moves the oldest entries from the inbox to the end of the chain, on the leader's connection. Nothing is remembered from
 * one batch to the next: what is visible is taken, since ids commit out of order, and the head is read anew. Only the
 * leader takes entries from the inbox or adds to the chain; the primary key on `seq` is the last fence.
 * @returns how many were moved
 */
export async function chainNextBatch(client: Client, size: number): Promise<number> {
  const { rows } = await client.query<Waiting>({ name: 'oldest', text: OLDEST, values: [size] });
  if (rows.length > 0) await append(client, rows);
  return rows.length;
}

async function append(client: Client, rows: readonly Waiting[]): Promise<void> {
  const headSeq = BigInt(rows[0]?.head_seq ?? 0);
  let seq = headSeq;
  let hash = rows[0]?.head_hash ?? GENESIS_HASH;
  const hashes = [hash];
  for (const { leaf } of rows) {
    seq += 1n;
    hash = linkHash(seq, hash, leaf);
    hashes.push(hash);
  }
  const values = [rows.map(({ id }) => id), headSeq.toString(), Buffer.concat(hashes)];
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    const { rowCount } = await client.query({ name: 'move', text: MOVE, values });
    if (rowCount !== rows.length)
      throw new Error(`${rows.length} entries were to be chained, not ${rowCount}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
