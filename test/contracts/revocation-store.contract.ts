import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import {
  lockAccount,
  type Revocation,
  type RevocationStore,
  type TokenIdentity,
} from '../../src/auth/revocation/revocation-store';

export interface Replicas {
  /** Two replicas' views of one installation. */
  readonly stores: readonly [RevocationStore, RevocationStore];
  readonly dataSource: DataSource;
}

/** An account with a session, as login leaves it. */
export async function newToken(
  dataSource: DataSource,
  userId: string = randomUUID(),
): Promise<TokenIdentity> {
  const sessionId = randomUUID();
  await dataSource.query(
    `INSERT INTO users (id, username, email, password_hash, role, full_name) VALUES ($1, $2, $2, '!', 'viewer', 'A')
     ON CONFLICT DO NOTHING`,
    [userId, `user-${userId}`],
  );
  const [user] = await dataSource.query<[{ version: number }]>(
    'SELECT token_version AS version FROM users WHERE id = $1',
    [userId],
  );
  await dataSource.query(
    `INSERT INTO refresh_tokens (id, family_id, user_id, token_hash, expires_at, family_expires_at)
     VALUES ($1, $1, $2, uuid_send($1), now() + interval '1 hour', now() + interval '1 hour')`,
    [sessionId, userId],
  );
  return { tokenId: randomUUID(), sessionId, userId, version: user.version };
}

export const ofToken = ({ tokenId, userId }: TokenIdentity): Revocation => ({
  kind: 'token',
  tokenId,
  userId,
  expiresAt: new Date(Date.now() + 600_000),
});

export function revoke(store: RevocationStore, userId: string, ...revocations: Revocation[]): Promise<void> {
  return store.transaction(async (manager, revoke) => {
    await lockAccount(manager, userId);
    for (const revocation of revocations) await revoke(revocation);
  });
}

/** What every revocation store does. */
export function revocationStoreContract(replicas: () => Replicas): void {
  const verdicts = (token: TokenIdentity): Promise<boolean[]> =>
    Promise.all(replicas().stores.map((store) => store.isRevoked(token)));

  it('a token that nothing was revoked of counts', async () => {
    expect(await verdicts(await newToken(replicas().dataSource))).toEqual([false, false]);
  });

  it('a revoked token is refused by every replica, others of its session count', async () => {
    const token = await newToken(replicas().dataSource);
    await revoke(replicas().stores[0], token.userId, ofToken(token));
    expect(await verdicts(token)).toEqual([true, true]);
    expect(await verdicts({ ...token, tokenId: randomUUID() })).toEqual([false, false]);
  });

  it('a revoked session takes all its tokens with it, and no other session', async () => {
    const token = await newToken(replicas().dataSource);
    const other = await newToken(replicas().dataSource, token.userId);
    await revoke(replicas().stores[1], token.userId, { kind: 'session', sessionId: token.sessionId });
    expect(await verdicts({ ...token, tokenId: randomUUID() })).toEqual([true, true]);
    expect(await verdicts(other)).toEqual([false, false]);
  });

  it('a revoked account takes every token with it, once and again; later ones count', async () => {
    const first = await newToken(replicas().dataSource);
    await revoke(replicas().stores[0], first.userId, { kind: 'account', userId: first.userId });
    const second = await newToken(replicas().dataSource, first.userId);
    expect([await verdicts(first), await verdicts(second)]).toEqual([
      [true, true],
      [false, false],
    ]);
    await revoke(replicas().stores[1], first.userId, { kind: 'account', userId: first.userId });
    expect([await verdicts(first), await verdicts(second)]).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it('revokes nothing when the transaction fails', async () => {
    const token = await newToken(replicas().dataSource);
    const failing = replicas().stores[0].transaction(async (_manager, revoke) => {
      await revoke(ofToken(token));
      await revoke({ kind: 'account', userId: token.userId });
      throw new Error('the audit entry could not be written');
    });
    await expect(failing).rejects.toThrow('audit entry');
    expect(await verdicts(token)).toEqual([false, false]);
  });

  it('revokes once what is revoked twice, by both at the same time', async () => {
    const token = await newToken(replicas().dataSource);
    await Promise.all(replicas().stores.map((store) => revoke(store, token.userId, ofToken(token))));
    expect(await verdicts(token)).toEqual([true, true]);
  });
}
