import type { EntityManager } from 'typeorm';
import { archivedThrough, linked, unnamedArchive } from '../archive/archives';
import type { CheckpointKeys, KeyHistory } from '../checkpoint/checkpoint-keys';
import {
  checkpointsFrom,
  MalformedCheckpoint,
  newestCheckpoint,
  type StoredCheckpoint,
} from '../checkpoint/checkpoint-store';
import { checkSignature } from '../note/signed-note';
import { Frontier } from '../merkle/frontier';
import { MissingLeaves, StoredTree } from '../merkle/stored-tree';
import { type AuditProblem, type ChainPosition, type ChainStep, problemAt } from './chain-verification';
import { filedRowsBetween, headSeq, positionAt } from './chained-rows';
import { followFiled } from './filed-row';

const ROWS_AT_ONCE = 1_000;
const CHECKPOINTS_AT_ONCE = 500;

/** Takes the chain one entry further. */
type Step = (from: ChainPosition) => ChainStep | AuditProblem;

/**
 * Follows entries `first` to `last` in constant memory and compares the tree over them with every signed checkpoint on
 * the way and with the next one behind. What lies outside the range comes from the stored tree, which need not be
 * trusted: the signed root covers it and the entries alike.
 */
export class TrailWalk {
  private readonly tree: StoredTree;
  private readonly frontier = new Frontier();
  private position: ChainPosition | undefined;
  private newest: StoredCheckpoint | undefined;
  private history: KeyHistory;
  /** Seq of the last entry of which only the leaf hash is here. */
  private archived = 0;
  /** Size of the last checkpoint that fitted. */
  private fitted: number | null = null;
  /** First entry behind it whose leaf is not the one in the stored tree. */
  private suspect: number | undefined;

  private constructor(
    private readonly db: EntityManager,
    private readonly keys: CheckpointKeys,
    readonly first: number,
    readonly end: number,
    private readonly head: number,
  ) {
    this.tree = new StoredTree(db);
  }

  /** @param to_seq the newest entry unless given */
  static async begin(
    db: EntityManager,
    keys: CheckpointKeys,
    first: number,
    to_seq?: number,
  ): Promise<TrailWalk> {
    const head = await headSeq(db);
    return new TrailWalk(db, keys, first, Math.min(to_seq ?? head, head), head);
  }

  get reachesHead(): boolean {
    return this.end === this.head;
  }

  /** Seq of the last entry that is in order; before `first` when there is none. */
  get last(): number {
    return this.position?.seq ?? this.first - 1;
  }

  get entries(): number {
    return this.last - this.first + 1;
  }

  /** How many of them are archived: that they are the ones that were signed is shown, not what they say. */
  get archivedEntries(): number {
    return Math.max(Math.min(this.last, this.archived) - this.first + 1, 0);
  }

  get checkpointSize(): number | null {
    return this.fitted;
  }

  /** @throws the reason of the signal, once it is aborted */
  async follow(signal?: AbortSignal): Promise<AuditProblem | null> {
    try {
      this.newest = await newestCheckpoint(this.db);
      this.history = await this.keys.history(this.db, this.newest?.signed);
      return (await this.followEntries(signal)) ?? null;
    } catch (error) {
      if (error instanceof MalformedCheckpoint) return error.problem;
      if (error instanceof MissingLeaves)
        return problemAt('gap', error.index + 1, `entry ${error.index + 1} is missing`);
      throw error;
    }
  }

  private async followEntries(signal?: AbortSignal): Promise<AuditProblem | undefined> {
    if (this.first > this.head + 1) return this.truncation();
    this.archived = await archivedThrough(this.db);
    if (this.first <= this.archived) {
      const problem = await unnamedArchive(this.db);
      if (problem !== undefined) return problem;
    }
    this.position = await positionAt(this.db, this.first - 1);
    if (this.position === undefined)
      return problemAt('gap', this.first - 1, `entry ${this.first - 1} is missing`);
    await this.frontier.advance(this.first - 1, this.tree.subtree);

    const checkpoints = this.checkpoints();
    let next = (await checkpoints.next()).value;
    while (this.last < this.end) {
      signal?.throwIfAborted();
      const steps = await this.nextSteps();
      if (steps.length === 0) return problemAt('gap', this.last + 1, `entry ${this.last + 1} is missing`);
      for (const follow of steps) {
        const step = follow(this.position);
        if ('class' in step) return step;
        this.position = step;
        await this.take(step.seq, step.leaf);
        if (next?.size !== step.seq) continue;
        const problem = this.compare(next);
        if (problem !== undefined) return problem;
        next = (await checkpoints.next()).value;
      }
    }
    if (next === undefined) return undefined;
    if (next.size > this.head) return this.truncation();
    if (this.fitted === this.last) return undefined;
    await this.frontier.advance(next.size, this.tree.subtree);
    return this.compare(next);
  }

  /** From entries; from leaf hashes where the entries are archived, and from the few that stay there all the same. */
  private async nextSteps(): Promise<Step[]> {
    const after = this.last;
    const isArchived = after < this.archived;
    const until = Math.min(after + ROWS_AT_ONCE, this.end, isArchived ? this.archived : this.end);
    const rows = await filedRowsBetween(this.db, after, until);
    if (!isArchived) return rows.map((row) => (from) => followFiled(from, row));
    const steps: Step[] = [];
    for (let seq = after + 1; seq <= until; seq++) {
      const row = rows.find((each) => Number(each.seq) === seq);
      const leaf = await this.tree.leaf(seq - 1);
      steps.push((from) => (row ? followFiled(from, row) : linked(from, leaf)));
    }
    return steps;
  }

  private async take(seq: number, leaf: Buffer): Promise<void> {
    this.frontier.append(leaf);
    if (this.suspect !== undefined || seq > (this.newest?.size ?? 0)) return;
    if (!(await this.tree.leaf(seq - 1)).equals(leaf)) this.suspect = seq;
  }

  private compare({ size, origin, root, signed }: StoredCheckpoint): AuditProblem | undefined {
    if (origin !== this.keys.origin)
      return problemAt('fork', size, `the checkpoint of size ${size} is of another log, ${origin}`);
    if (checkSignature(signed, this.history.at(size)) !== 'valid')
      return problemAt(
        'altered',
        size,
        `the checkpoint of size ${size} is not signed by the key of its time`,
      );
    const from = this.suspect ?? (this.fitted ?? this.first - 1) + 1;
    if (!this.frontier.root().equals(root))
      return problemAt(
        'fork',
        from,
        `entries ${from} to ${size} are not those that the checkpoint of size ${size} signed`,
      );
    if (this.suspect !== undefined)
      return problemAt(
        'altered',
        from,
        'the stored tree is not that of the entries, which are as they were signed',
      );
    this.fitted = size;
    return undefined;
  }

  private truncation(): AuditProblem | undefined {
    const size = this.newest?.size ?? 0;
    if (size <= this.head) return undefined;
    return problemAt(
      'truncated',
      this.head + 1,
      `a checkpoint of ${size} entries was signed, ${this.head} are left`,
    );
  }

  private async *checkpoints(): AsyncGenerator<StoredCheckpoint, undefined> {
    let from = this.first;
    for (;;) {
      const page = await checkpointsFrom(this.db, from, CHECKPOINTS_AT_ONCE);
      yield* page;
      if (page.length < CHECKPOINTS_AT_ONCE) return undefined;
      from = page.at(-1)!.size + 1;
    }
  }
}
