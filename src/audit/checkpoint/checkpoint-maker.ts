import type { EntityManager } from 'typeorm';
import { isConsistent, type TreeHead } from '../merkle/merkle-proof';
import { consistencyProof, treeRoot } from '../merkle/merkle-tree';
import { MissingLeaves, StoredTree } from '../merkle/stored-tree';
import { extendTiles } from '../merkle/tile-writer';
import { type AuditProblem, problemAt } from '../verification/chain-verification';
import { headSeq, positionAt } from '../verification/chained-rows';
import type { CheckpointKeys, KeyHistory } from './checkpoint-keys';
import { newestCheckpoint, type StoredCheckpoint, storeCheckpoint } from './checkpoint-store';
import { formatCheckpointText } from '../note/checkpoint-text';
import { checkSignature } from '../note/signed-note';

/** The trail in the database is not the one that was signed before: nothing more is signed. */
export class CheckpointRefused extends Error {
  constructor(readonly problem: AuditProblem) {
    super(`${problem.class} at ${problem.seq}: ${problem.detail}`);
  }
}

/** The key of this process is not the one whose turn it is. */
export class KeyOutOfTurn extends Error {
  constructor(
    readonly history: KeyHistory,
    readonly retired: boolean,
  ) {
    super(retired ? 'the signing key has been retired' : 'the signing key has not been handed over to');
  }
}

export interface SigningOutcome {
  readonly newest?: StoredCheckpoint;
  readonly isNew: boolean;
  /** There was more than one checkpoint takes. */
  readonly isBehind: boolean;
}

/**
 * Signs the entries that no checkpoint covers yet, at most about 100,000 of them. It signs only what provably extends
 * the newest checkpoint of the database and every head in `remembered`, which may come from outside the database.
 * Runs in a transaction that holds the lock of checkpoints.
 * @returns the newest checkpoint
 * @throws CheckpointRefused, KeyOutOfTurn
 */
export async function makeCheckpoint(
  db: EntityManager,
  keys: CheckpointKeys,
  remembered: readonly TreeHead[],
): Promise<SigningOutcome> {
  const last = await newestCheckpoint(db);
  const head = await headSeq(db);
  const before = [...(last ? [last] : []), ...remembered];
  for (const { size } of before) {
    if (size > head)
      refuse('truncated', head + 1, `a checkpoint of ${size} entries was signed, ${head} are left`);
    if (size > (last?.size ?? 0)) refuse('truncated', size, `the checkpoint of size ${size} is gone`);
  }
  const history = await keys.history(db, last?.signed);
  if (last !== undefined) await assertOurs(db, keys, history, last);
  if (head === (last?.size ?? 0)) return { newest: last, isNew: false, isBehind: false };
  if (!keys.own.publicKey.equals(history.current.publicKey))
    throw new KeyOutOfTurn(history, history.knows(keys.own));

  const position = await extendTiles(db, head);
  if ('class' in position) throw new CheckpointRefused(position);
  const tree = new StoredTree(db);
  const size = position.seq;
  const text = { origin: keys.origin, size, root: await treeRoot(size, tree.subtree) };
  for (const old of before) await assertExtends(old, text, tree);

  const body = formatCheckpointText(text);
  await storeCheckpoint(db, `${body}\n${keys.sign(body, history)}`, position.hash);
  return { newest: await newestCheckpoint(db), isNew: true, isBehind: size < head };
}

async function assertOurs(
  db: EntityManager,
  keys: CheckpointKeys,
  history: KeyHistory,
  { size, origin, signed, headHash }: StoredCheckpoint,
): Promise<void> {
  if (origin !== keys.origin) refuse('fork', size, `the checkpoint of size ${size} is of the log ${origin}`);
  if (checkSignature(signed, history.at(size)) !== 'valid')
    refuse('altered', size, `the checkpoint of size ${size} is not signed by the key of its time`);
  if ((await positionAt(db, size))?.hash.equals(headHash) !== true)
    refuse('fork', size, `entry ${size} is not the one that was there when its checkpoint was signed`);
}

async function assertExtends(old: TreeHead, text: TreeHead, tree: StoredTree): Promise<void> {
  try {
    const proof = await consistencyProof(old.size, text.size, tree.subtree);
    if (isConsistent(old, text, proof)) return;
  } catch (error) {
    if (!(error instanceof MissingLeaves)) throw error;
  }
  refuse('fork', old.size, `the first ${old.size} entries are not those that were signed`);
}

function refuse(kind: AuditProblem['class'], seq: number, detail: string): never {
  throw new CheckpointRefused(problemAt(kind, seq, detail));
}
