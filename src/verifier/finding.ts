/** What is wrong, in the order of the exit codes: 1 altered, 2 gap, 3 fork, 4 truncated, 5 unanchored too long. */
export const CLASSES = ['altered', 'gap', 'fork', 'truncated', 'unanchored'] as const;

export interface Finding {
  readonly class: (typeof CLASSES)[number];
  /** The first entry that is wrong. */
  readonly seq: number;
  readonly detail: string;
}

export const altered = (seq: number, detail: string): Finding => ({ class: 'altered', seq, detail });
export const gap = (seq: number, detail: string): Finding => ({ class: 'gap', seq, detail });
export const fork = (seq: number, detail: string): Finding => ({ class: 'fork', seq, detail });
export const truncated = (seq: number, detail: string): Finding => ({ class: 'truncated', seq, detail });
export const unanchored = (seq: number, detail: string): Finding => ({ class: 'unanchored', seq, detail });
