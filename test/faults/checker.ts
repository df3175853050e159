import { setTimeout as sleep } from 'node:timers/promises';
import type { Installation } from './installation';
import type { Operation } from './history';

interface StoredRow {
  readonly id: string;
  readonly tag: string;
  readonly model_file_hash: string;
}

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
  /** What GET /audit/verify says. */
  readonly chain: { readonly valid: boolean; readonly problem: unknown };
}

/** Compares what clients were told with what is stored and with the trail. */
export async function check(at: Installation, operations: readonly Operation[]): Promise<Findings> {
  await allChained(at);
  const rows = await at.query<StoredRow>(
    `SELECT id, anatomical_region AS tag, model_file_hash FROM inference_results WHERE anatomical_region LIKE 'op-%'`,
  );
  const stored = new Map<string, string[]>();
  for (const { id, tag } of rows) stored.set(tag, [...(stored.get(tag) ?? []), id]);
  const of = ({ tag }: Operation): string[] => stored.get(tag) ?? [];
  const [audit] = await at.query<{ wrong: number }>(
    `WITH entries AS (SELECT object_id, count(*) AS times FROM audit_logs WHERE action = 'inference.completed'
       AND outcome = 'success' GROUP BY object_id)
     SELECT count(*)::int AS wrong FROM inference_results result FULL JOIN entries ON entries.object_id = result.id::text
     WHERE result.id IS NULL OR entries.times IS DISTINCT FROM 1`,
  );
  const [foreign] = await at.query<{ count: number }>(
    `SELECT count(*)::int FROM inference_results WHERE model_file_hash NOT IN (SELECT file_hash FROM model_versions)`,
  );
  const { body } = await at.get('auditor', '/audit/verify');
  const { valid, problem } = body as Findings['chain'];
  return {
    lost: operations.filter((o) => o.outcome === 'ok' && !of(o).includes(o.inferenceId!)).length,
    duplicated: [...stored.values()].filter(({ length }) => length > 1).length,
    resurrected: operations.filter((o) => o.outcome === 'failed' && of(o).length > 0).length,
    unaudited: audit!.wrong,
    foreign: foreign!.count,
    chain: { valid, problem },
  };
}

async function allChained(at: Installation): Promise<void> {
  for (;;) {
    const [inbox] = await at.query<{ waiting: number }>('SELECT count(*)::int AS waiting FROM audit_inbox');
    if (inbox!.waiting === 0) return;
    await sleep(50);
  }
}
