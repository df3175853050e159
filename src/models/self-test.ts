/** What came of the last run of a manifest's golden samples. */
export interface SelfTest {
  readonly passed: boolean;
  readonly ran_at: string;
  readonly runtime_version: string;
  readonly samples: number;
  /** Largest absolute difference from a promised number; null when nothing could be compared. */
  readonly largest_deviation: number | null;
  readonly failures: readonly { readonly sample: number; readonly reason: string }[];
}
