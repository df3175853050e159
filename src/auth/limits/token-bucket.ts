/** Room for `burst` requests at once, refilled steadily. */
export interface Policy {
  readonly name: 'principal' | 'source' | 'login';
  readonly burst: number;
  readonly perSecond: number;
}

export interface Bucket {
  readonly tokens: number;
  /** Seconds on any steady clock. */
  readonly at: number;
}

export interface Taking {
  readonly allowed: boolean;
  /** Tokens left, not rounded. */
  readonly tokens: number;
}

/** @param cost tokens to take; negative ones are given back */
export function take(
  bucket: Bucket | undefined,
  now: number,
  { burst, perSecond }: Policy,
  cost: number,
): Taking {
  const refilled =
    bucket === undefined ? burst : Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) * perSecond);
  const allowed = refilled >= cost;
  return { allowed, tokens: allowed ? Math.min(burst, refilled - cost) : refilled };
}

/** Seconds until a request may come again, and until the bucket is full. */
export const waitFor = ({ tokens }: Taking, { perSecond }: Policy): number =>
  Math.max(1, Math.ceil((1 - tokens) / perSecond));
export const untilFull = ({ tokens }: Taking, { burst, perSecond }: Policy): number =>
  Math.ceil((burst - tokens) / perSecond);
