import { setTimeout as sleep } from 'node:timers/promises';
import { fileDigest } from '../../src/models/artifacts/file-digest';
import { CANARY, canariesIn } from '../harness/canaries';
import { THRESHOLD } from './accounts';
import type { Workload } from './history';
import type { Installation } from './installation';
import { type Operation, WRONG_BATCH } from './requests';

export interface StoredRow {
  readonly id: string;
  readonly tag: string;
  readonly status: string;
}

/** What clients were told, against what is stored. */
export interface HistoryFindings {
  /** Answered with a result that is not stored. */
  readonly lost: number;
  /** Stored more than once. */
  readonly duplicated: number;
  /** Refused for certain, and stored nevertheless. */
  readonly resurrected: number;
  /** Requests that were answered in two ways under one key. */
  readonly contradicted: number;
  /** Batches whose answers are not one for each image, in order, each a result or a code. */
  readonly misanswered: number;
  /** Answers 500. */
  readonly crashed: number;
}

/** Each is a number of things that must not be. */
export interface Findings extends HistoryFindings {
  /** Results whose audit entries are not exactly one, and entries without a result. */
  readonly unaudited: number;
  /** Results of a model file that was never approved. */
  readonly foreign: number;
  /** Model files in production whose bytes on the disk are not the approved ones. */
  readonly damaged: number;
  /** Refusals without a code. */
  readonly untyped: number;
  /** Tokens that were let in after their logout was answered. */
  readonly revived: number;
  /** Passwords verified beyond the threshold, and logins into the account that it locks. */
  readonly guessed: number;
  /** Answers, log lines and rows that speak of a patient. */
  readonly leaks: readonly string[];
  /** What is wrong with the audit trail. */
  readonly chain: unknown;
}

export const FAULTLESS: HistoryFindings = {
  lost: 0,
  duplicated: 0,
  resurrected: 0,
  contradicted: 0,
  misanswered: 0,
  crashed: 0,
};

export const NOTHING: Findings = {
  ...FAULTLESS,
  unaudited: 0,
  foreign: 0,
  damaged: 0,
  untyped: 0,
  revived: 0,
  guessed: 0,
  leaks: [],
  chain: null,
};

/**
 * Compares what clients were told with what is stored, with the trail, the disk and the logs.
 * @param verified passwords of the account that is guessed at, of which the server says that it has verified them
 */
export async function check(
  at: Installation,
  { sessions, guesser }: Workload,
  operations: readonly Operation[],
  verified: number,
): Promise<Findings> {
  await allChained(at);
  const rows = await at.query<StoredRow>(
    `SELECT id, anatomical_region AS tag, status FROM inference_results WHERE anatomical_region LIKE 'op-%'`,
  );
  const { wire } = at.caller;
  return {
    ...compare(operations, rows),
    unaudited: await unaudited(at),
    ...(await models(at)),
    untyped: wire.untyped.splice(0).length,
    revived: sessions.revived,
    guessed: guesser.intruded + Math.max(0, verified - THRESHOLD),
    leaks: [...wire.leaks.splice(0), ...at.takeLog().filter(isLeak), ...(await leakingRows(at))],
    chain: await brokenChain(at),
  };
}

export function compare(operations: readonly Operation[], rows: readonly StoredRow[]): HistoryFindings {
  const stored = byTag(rows);
  const of = ({ tag }: Operation): StoredRow[] => stored.get(tag) ?? [];
  const isStored = (operation: Operation): boolean =>
    of(operation).some(({ id, status }) => id === operation.inferenceId && status === 'completed');
  const done = operations.filter(({ outcome }) => outcome === 'ok');
  const answers = [...byTag(done).values()];
  return {
    lost: done.filter((operation) => !isStored(operation)).length,
    duplicated: [...stored.values()].filter(({ length }) => length > 1).length,
    resurrected: operations.filter(
      (operation) =>
        operation.outcome === 'failed' && of(operation).some(({ status }) => status === 'completed'),
    ).length,
    contradicted: answers.filter((same) => new Set(same.map(({ said }) => said)).size > 1).length,
    misanswered: operations.filter(({ saw }) => saw === WRONG_BATCH).length,
    crashed: operations.filter(({ saw }) => saw.startsWith('500')).length,
  };
}

function byTag<Item extends { readonly tag: string }>(items: readonly Item[]): Map<string, Item[]> {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const same = found.get(item.tag);
    if (same === undefined) found.set(item.tag, [item]);
    else same.push(item);
  }
  return found;
}

async function allChained(at: Installation): Promise<void> {
  for (;;) {
    const [inbox] = await at.query<{ waiting: number }>('SELECT count(*)::int AS waiting FROM audit_inbox');
    if (inbox!.waiting === 0) return;
    await sleep(50);
  }
}

async function unaudited(at: Installation): Promise<number> {
  const [audit] = await at.query<{ wrong: number }>(
    `WITH entries AS (SELECT object_id, count(*) FILTER (WHERE outcome = 'success') AS successes, count(*) AS times
       FROM audit_logs WHERE action IN ('inference.completed', 'inference.failed') GROUP BY object_id)
     SELECT count(*)::int AS wrong FROM inference_results result FULL JOIN entries ON entries.object_id = result.id::text
     WHERE coalesce(successes, 0) <> CASE WHEN result.status = 'completed' THEN 1 ELSE 0 END
        OR (result.status = 'failed' AND times IS NULL)`,
  );
  return audit!.wrong;
}

async function models(at: Installation): Promise<Pick<Findings, 'foreign' | 'damaged'>> {
  const [foreign] = await at.query<{ count: number }>(
    `SELECT count(*)::int FROM inference_results WHERE model_file_hash NOT IN (SELECT file_hash FROM model_versions)`,
  );
  const hash = await at.modelHash();
  const intact = (await fileDigest(at.modelFile(hash))) === hash;
  return { foreign: foreign!.count, damaged: intact ? 0 : 1 };
}

const isLeak = (text: string): boolean => canariesIn(text).length > 0;

async function leakingRows(at: Installation): Promise<string[]> {
  const tables = await at.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const spellings = Object.values(CANARY).flatMap((text) => [text, Buffer.from(text).toString('hex')]);
  const sought = spellings.map((text) => `'%${text}%'`).join(', ');
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await at.query<{ text: string }>(
      `SELECT t::text AS text FROM ${name} t WHERE t::text LIKE ANY (ARRAY[${sought}])`,
    );
    found.push(...rows.map(({ text }) => `${name}: ${text.slice(0, 300)}`));
  }
  return found;
}

async function brokenChain(at: Installation): Promise<unknown> {
  const { body } = await at.as('auditor', '/audit/verify');
  const { valid, problem } = body as { valid: boolean; problem: unknown };
  return valid ? null : problem;
}
