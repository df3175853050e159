import { isUtf8 } from 'node:buffer';
import { NotCanonical, parseCanonical } from './canonical-json';
import { MAX_TEXT } from './hashes';

/** A line of `GET /audit/entries`, and what stands in the text that was hashed. */
export interface ExportedEntry {
  readonly seq: number;
  readonly canonical: string;
  readonly entryHash: string;
  readonly previousHash: string;
  /** By the database's clock; not covered by any hash. */
  readonly sequencedAt: string;
  readonly occurredAt: string;
  readonly action: unknown;
  readonly details: unknown;
}

/** The line is not one that the log exports; the message says why. */
export class BadLine extends Error {}

const HEAD = /^\{"seq":"([1-9]\d{0,15})","event_id":"([0-9a-f-]{36})","canonical":/;
const TAIL =
  /^,"entry_hash":"([0-9a-f]{64})","previous_hash":"([0-9a-f]{64})","sequenced_at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"\}$/;
const TAIL_LENGTH = `,"entry_hash":"","previous_hash":"","sequenced_at":""}`.length + 64 + 64 + 27;
const OCCURRED_AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The line must be, byte for byte, in the one form in which entries are exported: else a reader that takes the first of
 * two equal keys, say, would see another entry than the one that is verified.
 * @throws BadLine
 */
export function readEntry(bytes: Buffer): ExportedEntry {
  if (!isUtf8(bytes)) throw new BadLine('the line is not UTF-8');
  const line = bytes.toString('utf8');
  const head = HEAD.exec(line);
  const tail = TAIL.exec(line.slice(-TAIL_LENGTH));
  if (head === null || tail === null)
    throw new BadLine('the line is not in the form in which entries are exported');
  const canonical = textOf(line.slice(head[0].length, -TAIL_LENGTH));
  const entry = readText(canonical);
  if (entry.event_id !== head[2]) throw new BadLine('event_id is not that of the text');
  if (typeof entry.occurred_at !== 'string' || !OCCURRED_AT.test(entry.occurred_at))
    throw new BadLine('occurred_at is not a time');
  return {
    seq: Number(head[1]),
    canonical,
    entryHash: tail[1]!,
    previousHash: tail[2]!,
    sequencedAt: tail[3]!,
    occurredAt: entry.occurred_at,
    action: entry.action,
    details: entry.details,
  };
}

/** Seq that a line claims, without looking at the rest. */
export const claimedSeq = (bytes: Buffer): number =>
  Number(/^\{"seq":"(\d{1,16})"/.exec(bytes.toString('latin1', 0, 32))?.[1] ?? NaN);

/** What a JSON string says, if it is written as JSON.stringify writes it. */
function textOf(literal: string): string {
  let text: unknown;
  try {
    text = JSON.parse(literal);
  } catch {
    throw new BadLine('canonical is not a JSON string');
  }
  if (typeof text !== 'string' || JSON.stringify(text) !== literal)
    throw new BadLine('canonical is not written as a text is exported');
  if (text.length > MAX_TEXT) throw new BadLine('the text is longer than an entry can be');
  return text;
}

interface EntryText {
  readonly event_id?: unknown;
  readonly occurred_at?: unknown;
  readonly action?: unknown;
  readonly details?: unknown;
}

function readText(canonical: string): EntryText {
  try {
    const value = parseCanonical(canonical);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error;
    throw new BadLine(`the text is not as it was hashed: ${error.message}`);
  }
  throw new BadLine('the text is not an entry');
}
