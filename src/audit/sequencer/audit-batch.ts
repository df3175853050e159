import type { Client } from 'pg';
import { entryHash, GENESIS_HASH } from '../audit-chain';

const BATCH_SIZE = 1_000;

interface InboxRow {
  readonly id: string;
  readonly canonical: string;
}

/**
 * Moves up to 1,000 entries from the inbox to the end of the chain, in one transaction on the leader's connection.
 * The head is read inside the transaction (READ COMMITTED); the primary key on `seq` is the last fence.
 * @returns how many were moved
 */
export async function chainNextBatch(client: Client): Promise<number> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    const { rows } = await client.query<InboxRow>(
      `DELETE FROM audit_inbox WHERE id IN (SELECT id FROM audit_inbox ORDER BY id LIMIT ${BATCH_SIZE})
       RETURNING id, canonical`,
    );
    if (rows.length > 0) await append(client, rows.sort(byId));
    await client.query('COMMIT');
    return rows.length;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

const byId = (a: InboxRow, b: InboxRow): number => Number(BigInt(a.id) - BigInt(b.id));

async function append(client: Client, rows: readonly InboxRow[]): Promise<void> {
  const head = await client.query<{ seq: string; entry_hash: Buffer }>(
    'SELECT seq, entry_hash FROM audit_logs ORDER BY seq DESC LIMIT 1',
  );
  let seq = BigInt(head.rows[0]?.seq ?? 0);
  let previousHash = head.rows[0]?.entry_hash ?? GENESIS_HASH;
  const chained = rows.map(({ canonical }) => {
    seq += 1n;
    const link = {
      seq: seq.toString(),
      canonical,
      hash: entryHash(seq, previousHash, canonical),
      previousHash,
    };
    previousHash = link.hash;
    return link;
  });
  await client.query(
    `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[])`,
    [
      chained.map((link) => link.seq),
      chained.map((link) => link.canonical),
      chained.map((link) => link.hash),
      chained.map((link) => link.previousHash),
    ],
  );
}
