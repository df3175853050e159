import type { Redis } from 'ioredis';
import { type Bucket, type Policy, take, type Taking } from './token-bucket';

const MAX_BUCKETS = 50_000;

/** Buckets of this process. */
export class MemoryBuckets {
  private readonly buckets = new Map<string, Bucket>();

  take(key: string, policy: Policy, cost: number): Taking {
    const now = performance.now() / 1000;
    const taking = take(this.buckets.get(key), now, policy, cost);
    this.buckets.delete(key); // so that the oldest in the map is the one that was not used for longest
    if (this.buckets.size >= MAX_BUCKETS) this.buckets.delete(this.buckets.keys().next().value!);
    this.buckets.set(key, { tokens: taking.tokens, at: now });
    return taking;
  }
}

const SCRIPT = `
  local burst, rate, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  local clock = redis.call('TIME')
  local now = clock[1] + clock[2] / 1000000
  local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
  local tokens = burst
  if bucket[1] then tokens = math.min(burst, bucket[1] + math.max(0, now - bucket[2]) * rate) end
  local allowed = 0
  if tokens >= cost then
    allowed = 1
    tokens = math.min(burst, tokens - cost)
  end
  redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / rate * 1000) + 1000)
  return {allowed, tostring(tokens)}`;

const TRUST_AGAIN_MS = 1_000;

/**
 * Buckets of all replicas, in Redis; while it does not answer, each replica goes by its own, and one request a second
 * finds out whether Redis is back.
 */
export class RedisBuckets {
  private readonly memory = new MemoryBuckets();
  private failedAt = -Infinity;

  constructor(private readonly redis: Redis) {}

  get shared(): boolean {
    return this.redis.status === 'ready' && performance.now() - this.failedAt > TRUST_AGAIN_MS;
  }

  async take(key: string, policy: Policy, cost: number): Promise<Taking> {
    if (!this.shared) return this.memory.take(key, policy, cost);
    if (this.failedAt !== -Infinity) this.failedAt = performance.now(); // this one asks, the others do not wait for it
    try {
      const { burst, perSecond } = policy;
      const answer = await this.redis.eval(SCRIPT, 1, `medai:limit:${key}`, burst, perSecond, cost);
      this.failedAt = -Infinity;
      const [allowed, tokens] = answer as [number, string];
      return { allowed: allowed === 1, tokens: Number(tokens) };
    } catch {
      this.failedAt = performance.now();
      return this.memory.take(key, policy, cost);
    }
  }
}
