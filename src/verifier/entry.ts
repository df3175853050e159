import { isUtf8 } from 'node:buffer';
import { NotCanonical, parseCanonical } from './canonical-json';
import { MAX_TEXT } from './hashes';

/** A line of `GET /audit/entries`, and what stands in the text that was hashed. */
export interface ExportedEntry {
  readonly seq: number;
  readonly canonical: string;
  /** Both as they stand in the line: only a comparison with what they must be tells whether they are hashes. */
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
/** What stands behind the text: three values of fixed length. */
const ENTRY_HASH = ',"entry_hash":"';
const PREVIOUS_HASH = '","previous_hash":"';
const SEQUENCED_AT = '","sequenced_at":"';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"\}$/;
const HASH_LENGTH = 64;
const END_LENGTH = '2026-11-24T08:00:00.000000Z"}'.length;
const PREVIOUS_AT = ENTRY_HASH.length + HASH_LENGTH;
const SEQUENCED_AT_AT = PREVIOUS_AT + PREVIOUS_HASH.length + HASH_LENGTH;
const TAIL_LENGTH = SEQUENCED_AT_AT + SEQUENCED_AT.length + END_LENGTH;
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
  const tail = line.length - TAIL_LENGTH;
  const isTail =
    line.startsWith(ENTRY_HASH, tail) &&
    line.startsWith(PREVIOUS_HASH, tail + PREVIOUS_AT) &&
    line.startsWith(SEQUENCED_AT, tail + SEQUENCED_AT_AT) &&
    TIME.test(line.slice(-END_LENGTH));
  if (head === null || !isTail)
    throw new BadLine('the line is not in the form in which entries are exported');
  const canonical = textOf(line.slice(head[0].length, tail));
  const entry = readText(canonical);
  if (entry.event_id !== head[2]) throw new BadLine('event_id is not that of the text');
  if (typeof entry.occurred_at !== 'string' || !OCCURRED_AT.test(entry.occurred_at))
    throw new BadLine('occurred_at is not a time');
  return {
    seq: Number(head[1]),
    canonical,
    entryHash: line.slice(tail + ENTRY_HASH.length, tail + PREVIOUS_AT),
    previousHash: line.slice(tail + PREVIOUS_AT + PREVIOUS_HASH.length, tail + SEQUENCED_AT_AT),
    sequencedAt: line.slice(-END_LENGTH, -2),
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
