import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { routeOf } from '../../audit/audit.interceptor';
import { LimitsConfig } from '../../config/limits.config';
import { DomainError } from '../../errors/domain.error';
import type { AuthenticatedRequest } from '../../http/principal';
import { REDIS } from '../../redis/redis.module';
import { rateLimited } from '../auth.metrics';
import { MemoryBuckets, RedisBuckets } from './buckets';
import { sourceOf } from './request-source';
import { type Policy, type Taking, untilFull, waitFor } from './token-bucket';

const SOURCE_BURST_SECONDS = 10;
const PRINCIPAL_BURST_SECONDS = 10;
/** A flood is one entry a minute in the audit trail; the metric counts every answer. */
const AUDIT_EVERY_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/** How many requests a principal and a source may send. */
@Injectable()
export class RequestLimits {
  private readonly buckets: MemoryBuckets | RedisBuckets;
  private readonly principal: Policy;
  private readonly source: Policy;
  private readonly auditedAt = new Map<string, number>();

  constructor(
    private readonly config: LimitsConfig,
    private readonly trail: AuditTrail,
    private readonly dataSource: DataSource,
    @Inject(REDIS) redis: Redis | null,
  ) {
    this.buckets = redis === null ? new MemoryBuckets() : new RedisBuckets(redis);
    this.principal = policy('principal', config.principalPerSecond, PRINCIPAL_BURST_SECONDS);
    this.source = policy('source', config.sourcePerSecond, SOURCE_BURST_SECONDS);
  }

  /** Whether all replicas count together. */
  get shared(): boolean {
    return this.buckets instanceof RedisBuckets && this.buckets.shared;
  }

  /**
   * Counts a request against its source and, if it has one, its principal.
   * @throws DomainError RATE_LIMITED
   */
  async count(request: AuthenticatedRequest, response: Response): Promise<void> {
    if (!this.config.enabled) return;
    const keys: [Policy, string][] = [[this.source, sourceOf(request)]];
    if (request.user !== undefined) keys.push([this.principal, request.user.userId]);
    const takings = await Promise.all(
      keys.map(async ([policy, key]) => this.buckets.take(`${policy.name}:${key}`, policy, 1)),
    );
    for (const [index, taking] of takings.entries()) {
      const [policy, key] = keys[index]!;
      setHeaders(response, policy, taking);
      if (!taking.allowed) await this.refuse(request, policy, key, taking);
    }
  }

  /**
   * Takes or, with a negative cost, gives back what a login counts.
   * @throws DomainError RATE_LIMITED
   */
  async takeLogin(request: Request, policy: Policy, cost: number): Promise<void> {
    const source = sourceOf(request);
    const taking = await this.buckets.take(`login:${source}`, policy, cost);
    if (!taking.allowed) await this.refuse(request, policy, source, taking);
  }

  private async refuse(request: Request, policy: Policy, key: string, taking: Taking): Promise<never> {
    rateLimited.inc({ limit: policy.name });
    if (this.isNews(`${policy.name}:${key}`)) {
      const details = { route: routeOf(request), http_status: 429, limit: policy.name };
      const event = { details, outcome: 'refused', reason: 'RATE_LIMITED' } as const;
      await this.trail.recordRefusal(() => this.trail.record(this.dataSource.manager, 'auth.limited', event));
    }
    throw new DomainError('RATE_LIMITED', undefined, { retryAfterSeconds: waitFor(taking, policy) });
  }

  private isNews(key: string): boolean {
    const now = performance.now();
    if (now - (this.auditedAt.get(key) ?? -Infinity) < AUDIT_EVERY_MS) return false;
    if (this.auditedAt.size >= MAX_REMEMBERED) this.auditedAt.clear();
    this.auditedAt.set(key, now);
    return true;
  }
}

const policy = (name: Policy['name'], perSecond: number, burstSeconds: number): Policy => ({
  name,
  perSecond,
  burst: perSecond * burstSeconds,
});

function setHeaders(response: Response, policy: Policy, taking: Taking): void {
  response.setHeader('RateLimit-Limit', policy.burst);
  response.setHeader('RateLimit-Remaining', Math.floor(taking.tokens));
  response.setHeader('RateLimit-Reset', untilFull(taking, policy));
}
