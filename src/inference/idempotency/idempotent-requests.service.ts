import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Request, Response } from 'express';
import { QueryFailedError } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { routeOf } from '../../audit/audit.interceptor';
import { DomainError } from '../../errors/domain.error';
import { ERROR_CODES } from '../../errors/error-codes';
import { toDomainError } from '../../errors/to-domain-error';
import { PROBLEM_STATUS } from '../../http/problem-status';
import type { Principal } from '../../http/principal';
import { idempotencyKeyIn } from './idempotency-key-field';
import { type Claim, IdempotencyKeys, type KeyedRequest, LEASE_SECONDS } from './idempotency-keys.service';
import { idempotentRequests } from './idempotency.metrics';
import { fingerprintOf } from './request-fingerprint';

const RETRY_AFTER_SECONDS = 1;
const CLEANING_MS = 15 * 60_000;

interface Call {
  readonly principal: Principal;
  readonly request: Request;
  readonly response: Response;
}

interface Work<Answer> {
  /** Does what is asked; what is stored gets this id, and commits whole or not at all. */
  run(id: string): Promise<Answer>;
  /** The answer that was given, or thrown, when what has this id was stored. */
  replay(id: string): Promise<Answer>;
}

/** Does a request that comes with an Idempotency-Key once, however often, and wherever, it is sent. */
@Injectable()
export class IdempotentRequests implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('IdempotentRequests');
  private cleaning?: NodeJS.Timeout;

  constructor(private readonly keys: IdempotencyKeys) {}

  onApplicationBootstrap(): void {
    this.cleaning = setInterval(() => void this.attempt('clean', this.keys.clean()), CLEANING_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.cleaning);
  }

  /**
   * @throws DomainError IDEMPOTENCY_KEY_MALFORMED, IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE; what `work` throws
   */
  async answer<Answer>({ principal, request, response }: Call, work: Work<Answer>): Promise<Answer> {
    const field = request.get('idempotency-key');
    if (field === undefined) return work.run(uuidv7());
    const key = idempotencyKeyIn(field);
    const fingerprint = await fingerprintOf(request, key);
    const keyed = { principalId: principal.userId, route: routeOf(request), key, fingerprint };
    const replay = (id: string): Promise<Answer> => {
      idempotentRequests.inc({ outcome: 'replayed' });
      response.setHeader('Idempotency-Replayed', 'true');
      return work.replay(id);
    };

    const holding = await this.keys.claim(keyed);
    if (holding.state === 'claimed')
      return this.run(holding.claim, keyed, { run: (id) => work.run(id), replay });
    if (holding.state === 'answered') return replay(holding.objectId);
    idempotentRequests.inc({ outcome: holding.state });
    if (holding.state === 'reused') throw new DomainError('IDEMPOTENCY_KEY_REUSED');
    throw new DomainError('IDEMPOTENCY_KEY_IN_USE', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }

  private async run<Answer>(claim: Claim, keyed: KeyedRequest, work: Work<Answer>): Promise<Answer> {
    const extend = (): void => void this.attempt('extend', this.keys.extend(claim, keyed));
    const extending = setInterval(extend, (1000 * LEASE_SECONDS) / 3).unref();
    try {
      const answer = await work.run(claim.objectId);
      idempotentRequests.inc({ outcome: 'done' });
      return answer;
    } catch (error) {
      // the lease ended meanwhile, and who took over was first
      if (isStoredAlready(error)) return await work.replay(claim.objectId);
      idempotentRequests.inc({ outcome: 'failed' });
      // of a COMMIT without an answer, of this request or one before it, it is not known yet whether it takes effect
      if (claim.isFirst && isRefusal(error)) await this.attempt('forget', this.keys.forget(claim, keyed));
      else await this.attempt('release', this.keys.release(claim, keyed));
      throw error;
    } finally {
      clearInterval(extending);
    }
  }

  /** What does not succeed is made good by time: a lease ends, a key expires. */
  private async attempt(what: string, change: Promise<void>): Promise<void> {
    try {
      await change;
    } catch (error) {
      this.logger.warn({ event: `idempotency.${what}_failed`, code: toDomainError(error).code });
    }
  }
}

const isRefusal = (error: unknown): boolean =>
  PROBLEM_STATUS[ERROR_CODES[toDomainError(error).code].kind].status < 500;

/** Every unique value of what is stored is new but the id: 23505 is `unique_violation`. */
const isStoredAlready = (error: unknown): boolean =>
  error instanceof QueryFailedError && (error.driverError as { code?: string }).code === '23505';
