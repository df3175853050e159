import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { deleteInChunks } from '../../database/delete-in-chunks';

export const LEASE_SECONDS = 15;
const LIFE_HOURS = 24;

export interface KeyedRequest {
  readonly principalId: string;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: Buffer;
}

/** The right to work on a request until the lease ends, which the holder may extend. */
export interface Claim {
  readonly id: string;
  /** That what is made must have: the table of results, or of batches, takes no second one of this id. */
  readonly objectId: string;
  /** Nobody has worked on the request before. */
  readonly isFirst: boolean;
}

/** `reused`: the key came with another request before. `in_use`: somebody works on it. */
export type Holding =
  | { readonly state: 'claimed'; readonly claim: Claim }
  | { readonly state: 'answered'; readonly objectId: string }
  | { readonly state: 'reused' | 'in_use' };

/** The table of keys, which all replicas share. */
@Injectable()
export class IdempotencyKeys {
  constructor(private readonly dataSource: DataSource) {}

  /** Takes the key for this request, or says why it cannot be had. */
  async claim({ principalId, route, key, fingerprint }: KeyedRequest): Promise<Holding> {
    const place = [principalId, route, createHash('sha256').update(key).digest()];
    const claimId = uuidv7();
    const [claimed] = await this.dataSource.query<{ object_id: string; is_first: boolean }[]>(CLAIM, [
      ...place,
      fingerprint,
      uuidv7(),
      claimId,
    ]);
    if (claimed) {
      const { object_id: objectId, is_first: isFirst } = claimed;
      return { state: 'claimed', claim: { id: claimId, objectId, isFirst } };
    }
    const [held] = await this.dataSource.query<HeldRow[]>(HELD, place);
    if (held === undefined) return { state: 'in_use' }; // given back this moment
    if (!held.fingerprint.equals(fingerprint)) return { state: 'reused' };
    return held.answered ? { state: 'answered', objectId: held.object_id } : { state: 'in_use' };
  }

  async extend({ id }: Claim, request: KeyedRequest): Promise<void> {
    await this.ofClaim(`UPDATE idempotency_keys SET leased_until = ${LEASE_END}`, id, request);
  }

  /** Nothing came of it and nothing can any more: the key is as if it had never been used. */
  async forget({ id }: Claim, request: KeyedRequest): Promise<void> {
    await this.ofClaim('DELETE FROM idempotency_keys AS held', id, request, `AND NOT ${ANSWERED}`);
  }

  /** Something may come of it yet: the next one to try does so under the same id. */
  async release({ id }: Claim, request: KeyedRequest): Promise<void> {
    await this.ofClaim('UPDATE idempotency_keys SET leased_until = now()', id, request);
  }

  async clean(): Promise<void> {
    await deleteInChunks(this.dataSource, 'idempotency_keys', 'expires_at < now()');
  }

  private async ofClaim(
    change: string,
    claimId: string,
    request: KeyedRequest,
    condition = '',
  ): Promise<void> {
    const { principalId, route, key } = request;
    await this.dataSource.query(
      `${change} WHERE principal_id = $1 AND route = $2 AND key_hash = $3 AND claim_id = $4 ${condition}`,
      [principalId, route, createHash('sha256').update(key).digest(), claimId],
    );
  }
}

interface HeldRow {
  readonly fingerprint: Buffer;
  readonly object_id: string;
  readonly answered: boolean;
}

const LEASE_END = `now() + interval '${LEASE_SECONDS} seconds'`;
const ANSWERED = `(EXISTS (SELECT FROM inference_results WHERE id = held.object_id)
  OR EXISTS (SELECT FROM inference_batches WHERE id = held.object_id))`;

/**
 * A key is free when it is new, when it has expired, and when its lease has ended without an answer. An answer that
 * commits at the very moment may be overlooked here; then the work is done twice, and stored once.
 */
const CLAIM = `
  INSERT INTO idempotency_keys AS held
    (principal_id, route, key_hash, fingerprint, object_id, claim_id, leased_until, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, ${LEASE_END}, now() + interval '${LIFE_HOURS} hours')
  ON CONFLICT ON CONSTRAINT idempotency_keys_pk DO UPDATE SET
    fingerprint = excluded.fingerprint,
    object_id = CASE WHEN held.expires_at < now() THEN excluded.object_id ELSE held.object_id END,
    claim_id = excluded.claim_id,
    leased_until = excluded.leased_until,
    expires_at = CASE WHEN held.expires_at < now() THEN excluded.expires_at ELSE held.expires_at END
  WHERE held.expires_at < now()
     OR (held.leased_until < now() AND held.fingerprint = excluded.fingerprint AND NOT ${ANSWERED})
  RETURNING object_id, object_id = $5 AS is_first`;

const HELD = `
  SELECT fingerprint, object_id, ${ANSWERED} AS answered FROM idempotency_keys AS held
  WHERE principal_id = $1 AND route = $2 AND key_hash = $3`;
