import type { Checkpoint } from './checkpoint';
import { Clocks } from './clocks';
import { BadLine, type ExportedEntry, readEntry } from './entry';
import { altered, type Finding, fork, gap, truncated, unanchored } from './finding';
import { GrowingTree } from './growing-tree';
import { GENESIS, leafHash, linkHash } from './hashes';
import type { KeyRing } from './key-ring';
import type { VerifierKey } from './verifier-key';

/** Checkpoints may come twice, a little out of order, when two replicas wrote them. */
const REMEMBERED = 1_000;

/** What the files are cannot be told: they are not in order. */
export class NotInOrder extends Error {}

/** Follows a log from its first entry: chain, tree and checkpoints, in memory that does not grow with it. */
export class Verification {
  readonly tree = new GrowingTree();
  readonly clocks = new Clocks();
  checkpoints = 0;
  /** The newest checkpoint that the entries fit, and of those that count as anchors. */
  fitted = 0;
  anchored = 0;
  cosigned: { readonly size: number; readonly time: number } | undefined;
  private previous = GENESIS;
  private firstUnanchored: number | undefined;
  private newestChained = 0;
  private readonly seen = new Map<number, string>();

  /**
   * @param witness when given, only checkpoints that it has cosigned count as anchors
   * @param maxUnanchoredSeconds by which the newest entry may be younger than the oldest that no anchor covers
   */
  constructor(
    readonly keys: KeyRing,
    private readonly witness: VerifierKey | undefined,
    private readonly maxUnanchoredSeconds: number,
  ) {}

  get size(): number {
    return this.tree.size;
  }

  /** @param line without its newline */
  entry(line: Buffer): Finding | undefined {
    const expected = this.size + 1;
    let entry: ExportedEntry;
    try {
      entry = readEntry(line);
    } catch (error) {
      if (!(error instanceof BadLine)) throw error;
      return altered(expected, error.message);
    }
    const leaf = leafHash(entry.canonical);
    const link = linkHash(expected, this.previous, leaf);
    const problem = this.misplaced(entry, link) ?? this.broken(entry, link);
    if (problem !== undefined) return problem;
    this.previous = link;
    this.tree.append(leaf);
    this.keys.follow(entry);
    this.newestChained = this.clocks.entry(entry);
    this.firstUnanchored ??= this.newestChained;
    return undefined;
  }

  /** A line that stands where another belongs; one that belongs here, with its number changed, is altered. */
  private misplaced({ seq, entryHash }: ExportedEntry, link: string): Finding | undefined {
    const expected = this.size + 1;
    if (seq === expected) return undefined;
    if (entryHash === link) return altered(expected, `seq of entry ${expected} was changed to ${seq}`);
    if (seq < expected) return altered(seq, `entry ${seq} stands again after entry ${this.size}`);
    return gap(expected, `entry ${expected} is missing; the next one is ${seq}`);
  }

  private broken({ seq, entryHash, previousHash }: ExportedEntry, link: string): Finding | undefined {
    if (previousHash !== this.previous)
      return altered(seq, 'previous_hash is not the hash of the entry before');
    if (entryHash !== link) return altered(seq, 'entry_hash is not the hash of the text');
    return undefined;
  }

  /** @param checkpoint the next in order of size, once all entries that it covers are there, or none are left */
  checkpoint(checkpoint: Checkpoint): Finding | undefined {
    const { size, root, origin } = checkpoint;
    const known = this.seen.get(size);
    if (known === root) return undefined;
    const refused = this.refusal(checkpoint);
    if (refused !== undefined) return refused;
    if (known !== undefined)
      return fork(size, `two checkpoints of ${origin} with size ${size} have different roots`);
    if (size > this.size)
      return truncated(this.size + 1, `a checkpoint of ${size} entries was signed, there are ${this.size}`);
    if (size < this.size) throw new NotInOrder(`the checkpoint of size ${size} stands behind larger ones`);
    if (root !== this.tree.root()) {
      const from = this.fitted + 1;
      return fork(
        from,
        `entries ${from} to ${size} are not those that the checkpoint of size ${size} signed`,
      );
    }
    this.fits(checkpoint);
    return undefined;
  }

  /** When all entries and checkpoints are through. */
  end(): Finding | undefined {
    if (this.firstUnanchored === undefined) return undefined;
    const seq = this.anchored + 1;
    if (this.anchored === 0)
      return unanchored(seq, 'no checkpoint covers any entry: a chain alone can be rewritten');
    const seconds = Math.round((this.newestChained - this.firstUnanchored) / 1000);
    if (seconds <= this.maxUnanchoredSeconds) return undefined;
    return unanchored(seq, `entries came for ${seconds} s after ${seq}, and no checkpoint covers them`);
  }

  private refusal(checkpoint: Checkpoint): Finding | undefined {
    const { size, origin } = checkpoint;
    const verdict = this.keys.judge(checkpoint);
    if (verdict === 'invalid')
      return altered(size, `the checkpoint of size ${size} is not what the key of the log has signed`);
    if (origin !== this.keys.origin)
      return fork(size, `a checkpoint of another log, ${origin}, in place of ${this.keys.origin}`);
    if (verdict === 'unknown')
      return altered(size, `the checkpoint of size ${size} is not signed by the key of the log at that time`);
    return undefined;
  }

  private fits(checkpoint: Checkpoint): void {
    const { size, root } = checkpoint;
    this.seen.set(size, root);
    if (this.seen.size > REMEMBERED) this.seen.delete(this.seen.keys().next().value!);
    this.checkpoints += 1;
    this.fitted = size;
    const time = this.witness && checkpoint.cosignedAt(this.witness);
    if (time !== undefined) {
      this.cosigned = { size, time };
      this.clocks.cosigned(size, time);
    }
    if (this.witness !== undefined && time === undefined) return;
    this.anchored = size;
    this.firstUnanchored = undefined;
  }
}
