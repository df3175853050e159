import type { AuditEntry } from '../audit-entry';
import {
  type AuditProblem,
  type ChainedRow,
  type ChainPosition,
  type ChainStep,
  followChain,
  problemAt,
} from './chain-verification';

/** Columns that lists are filtered by. The database reads them out of the text; nothing hashes them. */
const COLUMNS = [
  'event_id',
  'occurred_at',
  'actor_id',
  'action',
  'object_type',
  'object_id',
  'outcome',
] as const;

/** An entry with the columns it is filed under. */
export type FiledRow = ChainedRow & Readonly<Record<(typeof COLUMNS)[number], string | null>>;

export const FILED_COLUMNS = COLUMNS.join(', ');

/** `followChain`, and looks whether a column says something else than the text. */
export function followFiled(from: ChainPosition, row: FiledRow): ChainStep | AuditProblem {
  const step = followChain(from, row);
  const misfiled = 'class' in step ? undefined : misfiledColumn(row);
  if (misfiled === undefined) return step;
  return problemAt('altered', row.seq, `column ${misfiled} is not what the text says`);
}

/** The column that says something else than the text, which would hide the entry from who looks for it. */
function misfiledColumn(row: FiledRow): string | undefined {
  const entry = entryOf(row.canonical);
  return COLUMNS.find((column) => (row[column] ?? null) !== (entry[column] ?? null));
}

/** Nothing for a text that is no entry: no column fits it. */
function entryOf(canonical: string): Partial<AuditEntry> {
  try {
    return (JSON.parse(canonical) as Partial<AuditEntry> | null) ?? {};
  } catch {
    return {};
  }
}
