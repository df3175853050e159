import { setTimeout as sleep } from 'node:timers/promises';
import { fileDigest } from '../../src/models/artifacts/file-digest';
import { CANARY, canariesIn } from '../harness/canaries';
import { THRESHOLD } from './accounts';
import type { Workload } from './history';
import type { Installation } from './installation';
import { type Operation, WRONG_BATCH } from './requests';

interface StoredRow {
  readonly id: string;
  readonly tag: string;
  readonly status: string;
}

/** Each is a number of things that must not be. */
export interface Findings {
  /** Answered with a result that is not stored. */
  readonly lost: number;
  /** Stored more than once. */
  readonly duplicated: number;
  /** Refused for certain, and stored nevertheless. */
  readonly resurrected: number;
  /** Results whose audit entries are not exactly one, and entries without a result. */
  readonly unaudited: number;
  /** Results of a model file that was never approved. */
  readonly foreign: number;
  /** Model files in production whose bytes on the disk are not the approved ones. */
  readonly damaged: number;
  /** Batches whose answers are not one for each image, in order, each a result or a code. */
  readonly misanswered: number;
  /** Answers 500. */
  readonly crashed: number;
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

export const NOTHING: Findings = {
  lost: 0,
  duplicated: 0,
  resurrected: 0,
  unaudited: 0,
  foreign: 0,
  damaged: 0,
  misanswered: 0,
  crashed: 0,
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
  const stored = new Map<string, StoredRow[]>();
  for (const row of rows) stored.set(row.tag, [...(stored.get(row.tag) ?? []), row]);
  const of = ({ tag }: Operation): StoredRow[] => stored.get(tag) ?? [];
  const isStored = (operation: Operation): boolean =>
    of(operation).some(({ id, status }) => id === operation.inferenceId && status === 'completed');
  const { wire } = at.caller;
  const saw = (text: string): number => operations.filter((operation) => operation.saw === text).length;
  return {
    lost: operations.filter((operation) => operation.outcome === 'ok' && !isStored(operation)).length,
    duplicated: [...stored.values()].filter(({ length }) => length > 1).length,
    resurrected: operations.filter(
      (operation) =>
        operation.outcome === 'failed' && of(operation).some(({ status }) => status === 'completed'),
    ).length,
    unaudited: await unaudited(at),
    ...(await models(at)),
    misanswered: saw(WRONG_BATCH),
    crashed: operations.filter((operation) => operation.saw.startsWith('500')).length,
    untyped: wire.untyped.splice(0).length,
    revived: sessions.revived,
    guessed: guesser.intruded + Math.max(0, verified - THRESHOLD),
    leaks: [...wire.leaks.splice(0), ...at.takeLog().filter(isLeak), ...(await leakingRows(at))],
    chain: await brokenChain(at),
  };
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
