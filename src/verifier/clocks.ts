import type { ExportedEntry } from './entry';

/** Clocks of several machines agree so far. */
const SKEW_MS = 60_000;
/** By so much the database's clock may be set back. */
const STEP_BACK_MS = 5_000;
/** An entry waits for the chain so long at most: at 60 s the application takes no more work. */
const LATE_MS = 3_600_000;

export type ClockRule =
  | 'occurred_after_it_was_chained'
  | 'chained_before_the_entry_before'
  | 'chained_long_after_it_occurred'
  | 'chained_after_its_cosignature';

export interface ClockWarning {
  readonly rule: ClockRule;
  count: number;
  readonly first_seq: number;
}

/**
 * Rules about times. What breaks one need not be tampering: a clock was wrong, or a database stood still. So they warn
 * and never decide; the order of entries is that of `seq`.
 */
export class Clocks {
  readonly warnings: ClockWarning[] = [];
  private newestChained = Number.NEGATIVE_INFINITY;
  private minute = '';
  private minuteMs = 0;

  /** Milliseconds of Unix time at which the entry was chained. */
  entry({ seq, occurredAt, sequencedAt }: ExportedEntry): number {
    const occurred = this.milliseconds(occurredAt);
    const chained = this.milliseconds(sequencedAt);
    if (occurred > chained + SKEW_MS) this.warn('occurred_after_it_was_chained', seq);
    if (chained > occurred + LATE_MS) this.warn('chained_long_after_it_occurred', seq);
    if (chained < this.newestChained - STEP_BACK_MS) this.warn('chained_before_the_entry_before', seq);
    this.newestChained = Math.max(this.newestChained, chained);
    return chained;
  }

  /** @param time Unix seconds of a witness's statement about the first `size` entries */
  cosigned(size: number, time: number): void {
    if (this.newestChained > time * 1000 + SKEW_MS) this.warn('chained_after_its_cosignature', size);
  }

  private warn(rule: ClockRule, seq: number): void {
    const known = this.warnings.find((warning) => warning.rule === rule);
    if (known === undefined) this.warnings.push({ rule, count: 1, first_seq: seq });
    else known.count += 1;
  }

  /** Entries come in order of time nearly always: the minute is parsed once for all that share it. */
  private milliseconds(time: string): number {
    if (!time.startsWith(this.minute) || this.minute === '') {
      this.minute = time.slice(0, 17);
      this.minuteMs = Date.parse(`${this.minute}00Z`);
    }
    return this.minuteMs + Number(time.slice(17, 23)) * 1000;
  }
}
