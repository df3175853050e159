import type { Client } from 'pg';
import { GENESIS_HASH, linkHash } from '../audit-chain';

interface Waiting {
  readonly id: string;
  /** SHA-256(0x00 || canonical). */
  readonly leaf: Buffer;
}

const HEAD = 'SELECT seq, entry_hash FROM audit_logs ORDER BY seq DESC LIMIT 1';

const OLDEST = `SELECT id, sha256('\\x00'::bytea || convert_to(canonical, 'UTF8')) AS leaf
  FROM audit_inbox ORDER BY id LIMIT $1`;

/** $1 ids, $2 seq of the head, $3 the head's hash and then that of each entry, 32 bytes each. */
const MOVE = `WITH taken AS (DELETE FROM audit_inbox WHERE id = ANY ($1::bigint[]) RETURNING id, canonical)
  INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash)
  SELECT $2::bigint + n, canonical, substr($3::bytea, 32 * n::int + 1, 32), substr($3::bytea, 32 * n::int - 31, 32)
  FROM unnest($1::bigint[]) WITH ORDINALITY AS place (id, n) JOIN taken USING (id)
  ORDER BY n`;

/**
 * Moves the oldest entries from the inbox to the end of the chain, in one transaction on the leader's connection.
 * Nothing is remembered from one to the next: what is visible is taken, since ids commit out of order, and the head is
 * read anew (READ COMMITTED). The primary key on `seq` is the last fence.
 * @returns how many were moved
 */
export async function chainNextBatch(client: Client, size: number): Promise<number> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    const { rows } = await client.query<Waiting>({ name: 'oldest', text: OLDEST, values: [size] });
    if (rows.length > 0) await append(client, rows);
    await client.query('COMMIT');
    return rows.length;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function append(client: Client, rows: readonly Waiting[]): Promise<void> {
  const head = await client.query<{ seq: string; entry_hash: Buffer }>({ name: 'head', text: HEAD });
  const headSeq = BigInt(head.rows[0]?.seq ?? 0);
  let seq = headSeq;
  let hash = head.rows[0]?.entry_hash ?? GENESIS_HASH;
  const hashes = [hash];
  for (const { leaf } of rows) {
    seq += 1n;
    hash = linkHash(seq, hash, leaf);
    hashes.push(hash);
  }
  const values = [rows.map(({ id }) => id), headSeq.toString(), Buffer.concat(hashes)];
  const { rowCount } = await client.query({ name: 'move', text: MOVE, values });
  if (rowCount !== rows.length) throw new Error(`${rows.length} entries were to be chained, not ${rowCount}`);
}
