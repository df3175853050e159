import type { EntityManager } from 'typeorm';

/** What no longer counts: one access token, all of a session, or every token that the account has. */
export type Revocation =
  | { readonly kind: 'token'; readonly tokenId: string; readonly userId: string; readonly expiresAt: Date }
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'account'; readonly userId: string };

/** What an access token says of itself. */
export interface TokenIdentity {
  readonly tokenId: string;
  readonly sessionId: string;
  readonly userId: string;
  /** The account's `token_version` when it was issued. */
  readonly version: number;
}

export type Revoke = (revocation: Revocation) => Promise<void>;

/** Which access tokens, though signed by us and not expired, no longer count. */
export abstract class RevocationStore {
  /**
   * Asked on every request.
   * @throws when no store can tell: the caller answers 503, never 200 and never 401
   */
  abstract isRevoked(token: TokenIdentity): Promise<boolean>;

  /**
   * Runs `work` in a transaction. When this has returned, what `work` revoked is refused by every replica.
   * The account's row must be locked (`lockAccount`) before its sessions are revoked or opened, so that no session
   * slips through between the two.
   */
  abstract transaction<T>(work: (manager: EntityManager, revoke: Revoke) => Promise<T>): Promise<T>;

  /** Ends what goes on in the background. */
  abstract stop(): Promise<void>;

  /** The store that answers now. */
  abstract readonly answering: 'redis' | 'postgresql';
}

/** Opening, renewing and ending sessions of one account happen one after the other. */
export async function lockAccount(manager: EntityManager, userId: string): Promise<void> {
  await manager.query('SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);
}
