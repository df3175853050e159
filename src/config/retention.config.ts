import type { Environment } from './environment';

const DAY_MS = 86_400_000;
/** Six years with their leap days: what HIPAA 164.316(b)(2)(i) asks of required records. */
const DEFAULT_DAYS = 2192;
const MAX_DAYS = 36_525;

/** How long results are kept, and how the expired ones are deleted. */
export class RetentionConfig {
  /** Between the two steps of a deletion: time to see what is about to go, and to place a hold. */
  readonly graceDays: number;
  /** How often this replica looks for what has expired, and for pseudonyms under a previous key; 0: never. */
  readonly sweepSeconds: number;
  private readonly days: ReadonlyMap<string, number>;

  constructor(env: Environment) {
    this.days = daysByDomain(env);
    this.graceDays = env.integer('RETENTION_GRACE_DAYS', 30, 0, 365);
    this.sweepSeconds = env.integer('RETENTION_SWEEP_SECONDS', 3600, 0, 86_400);
  }

  /** The longest that any result is kept. */
  get longestDays(): number {
    return Math.max(...this.days.values(), this.days.has('') ? 0 : DEFAULT_DAYS);
  }

  /** @param clinicalDomain of the model that answered; undefined: none did */
  expiryOf(createdAt: Date, clinicalDomain: string | undefined): Date {
    const days = this.days.get(clinicalDomain ?? '') ?? this.days.get('') ?? DEFAULT_DAYS;
    return new Date(createdAt.getTime() + days * DAY_MS);
  }
}

/** `days`, or `domain=days`, or several of them between commas. */
function daysByDomain(env: Environment): Map<string, number> {
  const entries = (env.text('RETENTION_DAYS') ?? String(DEFAULT_DAYS)).split(',');
  const pairs = entries.map((entry): [string, number] => {
    const [days = '', domain = ''] = entry.split('=').toReversed();
    return [domain.trim(), /^\d{1,5}$/.test(days.trim()) ? Number(days) : NaN];
  });
  const days = new Map(pairs);
  const readable =
    entries.every((entry) => /^([^=]*[^=\s][^=]*=)?[^=]*$/.test(entry)) &&
    pairs.every(([, count]) => count >= 1 && count <= MAX_DAYS);
  if (!readable || days.size < pairs.length) {
    env.problem(
      `RETENTION_DAYS: expected days (1 to ${MAX_DAYS}), or <clinical domain>=<days> between commas`,
    );
  }
  return days;
}
