import type { Redis } from 'ioredis';
import type { DataSource, EntityManager } from 'typeorm';
import type { Revocation, TokenIdentity } from './revocation-store';

/**
 * The list of what is revoked, as Redis holds it: one hash, so that a flush, an eviction or an empty replica loses the
 * list as a whole with the generation that vouches for it, never an entry alone. Values are the Unix seconds from
 * which an entry is of no use, because every token it could concern has expired.
 */
export const LIST = 'medai:revocations';
const GENERATION = 'generation';
/** Names the rebuilding under way; gone if Redis was emptied meanwhile. */
const REBUILD = 'rebuild';

const field = {
  token: (tokenId: string): string => `t:${tokenId}`,
  session: (sessionId: string): string => `s:${sessionId}`,
  version: (userId: string, version: number): string => `v:${userId}:${version}`,
};

/** `generation` as the list has it, or null if it has none. */
export async function lookUp(
  redis: Redis,
  { tokenId, sessionId, userId, version }: TokenIdentity,
): Promise<{ readonly generation: string | null; readonly revoked: boolean }> {
  const [generation, ...found] = await redis.hmget(
    LIST,
    GENERATION,
    field.token(tokenId),
    field.session(sessionId),
    field.version(userId, version),
  );
  return { generation: generation ?? null, revoked: found.some((value) => value !== null) };
}

/** The entry of a revocation that is being made in the transaction of `manager`, after it was stored there. */
export async function entryOf(manager: EntityManager, revocation: Revocation): Promise<string> {
  if (revocation.kind === 'token') return field.token(revocation.tokenId);
  if (revocation.kind === 'session') return field.session(revocation.sessionId);
  const [row] = await manager.query<[{ version: number }]>(
    'SELECT token_version - 1 AS version FROM users WHERE id = $1',
    [revocation.userId],
  );
  return field.version(revocation.userId, row.version);
}

export async function addEntries(redis: Redis, entries: readonly string[], uselessAt: number): Promise<void> {
  await redis.hset(LIST, ...entries.flatMap((entry) => [entry, uselessAt]));
}

const REBUILD_SCRIPT = `
  if redis.call('HGET', KEYS[1], '${REBUILD}') ~= ARGV[1] then return 0 end
  for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
  redis.call('HSET', KEYS[1], '${GENERATION}', ARGV[2])
  redis.call('HDEL', KEYS[1], '${REBUILD}')
  return 1`;

/**
 * Brings everything that is revoked and may still matter from PostgreSQL into the list and lets the list vouch for it.
 * @param nonce names this rebuilding: the list must still bear it when the entries arrive, or Redis was emptied after
 *   PostgreSQL had been read and an entry made in between would be lost
 * @param usefulSeconds for which an access token may live, with the skew of clocks
 * @returns the generation, or undefined if another rebuilding or a flush came between
 */
export async function rebuild(
  redis: Redis,
  dataSource: DataSource,
  nonce: string,
  usefulSeconds: number,
): Promise<string | undefined> {
  await redis.hset(LIST, REBUILD, nonce);
  const rows = await dataSource.query<{ entry: string; useless_at: string }[]>(
    `SELECT '' AS entry, generation::text AS useless_at FROM revocation_generation
     UNION ALL
     SELECT 't:' || jti, ceil(extract(epoch FROM expires_at) + $1)::text FROM revoked_tokens
     WHERE expires_at > now() - make_interval(secs => $1)
     UNION ALL
     SELECT 's:' || family_id, ceil(extract(epoch FROM max(revoked_at)) + $1)::text FROM refresh_tokens
     WHERE revoked_at > now() - make_interval(secs => $1) GROUP BY family_id
     UNION ALL
     SELECT 'v:' || id || ':' || version, ceil(extract(epoch FROM tokens_revoked_at) + $1)::text
     FROM users, generate_series(0, token_version - 1) AS version
     WHERE tokens_revoked_at > now() - make_interval(secs => $1)`,
    [usefulSeconds],
  );
  const generation = rows.find(({ entry }) => entry === '')!.useless_at;
  const entries = rows.filter(({ entry }) => entry !== '').flatMap((row) => [row.entry, row.useless_at]);
  const done = await redis.eval(REBUILD_SCRIPT, 1, LIST, nonce, generation, ...entries);
  return done === 1 ? generation : undefined;
}

/** Takes out what is of no use any more. */
export async function prune(redis: Redis): Promise<void> {
  const now = Date.now() / 1000;
  let cursor = '0';
  do {
    const [next, flat] = await redis.hscan(LIST, cursor, 'COUNT', 500);
    cursor = next;
    const useless = flat.filter(
      (name, index) => index % 2 === 0 && /^[tsv]:/.test(name) && Number(flat[index + 1]) < now,
    );
    if (useless.length > 0) await redis.hdel(LIST, ...useless);
  } while (cursor !== '0');
}
