import { DomainError } from '../errors/domain.error';

/** The image inside a JSON object, still as text, and the other fields. */
export interface SplitObject {
  readonly fields: Record<string, unknown>;
  /** JSON text of `data`, brackets included. */
  readonly data?: Buffer;
  /** Text of `image`, without its quotes. */
  readonly image?: Buffer;
}

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly name: 'data' | 'image';
  readonly bytes: Buffer;
}

/** Where an object begins and ends in a body, and the images inside it. */
export interface CutObject {
  readonly start: number;
  readonly end: number;
  readonly cuts: readonly Cut[];
}

/** All that may stand beside an image. */
const MAX_FIELDS_BYTES = 16 * 1024;
/** More would not fit into that. */
const MAX_MEMBERS = 4096;
/** Quotes that a text may hold; each is a step of a search through bytes that may be many. */
const MAX_ESCAPED_QUOTES = 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * A body that is one object. `data` and `image` are cut out without being read: `data` holds numbers only, so it ends
 * at the next `]`, and `image` is base64, so it ends at the next quote. What is left is small and goes through
 * JSON.parse; the cut-out bytes are checked where they are decoded, off the event loop.
 * @throws DomainError REQUEST_MALFORMED_JSON, VALIDATION_FAILED
 */
export function splitJsonBody(body: Buffer): SplitObject {
  const cut = cutObject(body, skipSpace(body, 0));
  assertEnd(body, cut.end);
  return readObject(body, cut);
}

/** The elements of one array of a body, each an object with an image, and the other fields of the body. */
export interface SplitBatch {
  readonly fields: Record<string, unknown>;
  /** undefined: there is no such array. An element that is no object is undefined. */
  readonly elements?: readonly (CutObject | undefined)[];
}

/**
 * A body `{"<name>": [{...}, {...}], ...}`.
 * @param limit elements beyond it are not looked at, and the body counts as too long
 * @throws DomainError REQUEST_MALFORMED_JSON, VALIDATION_FAILED
 */
export function splitBatchBody(body: Buffer, name: string, limit: number): SplitBatch {
  const start = skipSpace(body, 0);
  const rest: Piece[] = [];
  let elements: (CutObject | undefined)[] | undefined;
  const end = walkObject(body, start, (member, valueStart) => {
    if (member !== name || body[valueStart] !== OPEN_BRACKET || elements !== undefined) {
      return valueEnd(body, valueStart);
    }
    const array = cutElements(body, valueStart, limit);
    elements = array.elements;
    rest.push({ start: valueStart, end: array.end });
    return array.end;
  });
  assertEnd(body, end);
  const fields = parseRest(body, { start, end }, rest);
  if (elements !== undefined && fields[name] === null) delete fields[name];
  return { fields, elements };
}

function cutElements(
  body: Buffer,
  open: number,
  limit: number,
): { readonly elements: (CutObject | undefined)[]; readonly end: number } {
  const elements: (CutObject | undefined)[] = [];
  let at = skipSpace(body, open + 1);
  if (body[at] === CLOSE_BRACKET) return { elements, end: at + 1 };
  for (;;) {
    if (elements.length === limit)
      throw new DomainError('VALIDATION_FAILED', `A batch has 1 to ${limit} images`);
    const object = body[at] === OPEN_BRACE ? cutObject(body, at) : undefined;
    elements.push(object);
    at = skipSpace(body, object?.end ?? otherEnd(body, at));
    if (body[at] === CLOSE_BRACKET) return { elements, end: at + 1 };
    if (body[at] !== COMMA) throw new DomainError('REQUEST_MALFORMED_JSON');
    at = skipSpace(body, at + 1);
  }
}

/** Index behind an element that is no object. */
function otherEnd(body: Buffer, start: number): number {
  const end = valueEnd(body, start);
  parse(body.subarray(start, end));
  return end;
}

/** @throws DomainError REQUEST_MALFORMED_JSON; VALIDATION_FAILED for a field that is too long to be looked at */
function cutObject(body: Buffer, start: number): CutObject {
  const cuts: Cut[] = [];
  const end = walkObject(body, start, (member, valueStart) => {
    if (member === 'data' && body[valueStart] === OPEN_BRACKET) {
      const close = body.indexOf(CLOSE_BRACKET, valueStart);
      if (close < 0) throw new DomainError('REQUEST_MALFORMED_JSON');
      const bytes = body.subarray(valueStart, close + 1);
      if (bytes.includes(OPEN_BRACKET, 1)) return valueEnd(body, valueStart);
      cuts.push({ start: valueStart, end: close + 1, name: member, bytes });
      return close + 1;
    }
    if (member === 'image' && body[valueStart] === QUOTE) {
      const close = stringEnd(body, valueStart);
      const bytes = body.subarray(valueStart + 1, close);
      cuts.push({ start: valueStart, end: close + 1, name: member, bytes });
      return close + 1;
    }
    return valueEnd(body, valueStart);
  });
  return { start, end, cuts };
}

/**
 * What stands in an object that has been cut out.
 * @throws DomainError REQUEST_MALFORMED_JSON; VALIDATION_FAILED
 */
export function readObject(body: Buffer, { start, end, cuts }: CutObject): SplitObject {
  const fields = parseRest(body, { start, end }, cuts);
  const [cut, ...more] = cuts;
  if (
    more.length > 0 ||
    (cut === undefined ? (fields['data'] ?? fields['image']) : fields[cut.name]) != null
  ) {
    throw new DomainError(
      'VALIDATION_FAILED',
      'Send either `data`, a flat array of numbers, or `image`, a base64 text',
    );
  }
  delete fields['data'];
  delete fields['image'];
  return cut === undefined ? { fields } : { fields, [cut.name]: cut.bytes };
}

/** @returns the index behind the closing brace. `valueEndOf` is called with each member's name and gives its value's end. */
function walkObject(
  body: Buffer,
  start: number,
  valueEndOf: (member: string, valueStart: number) => number,
): number {
  if (body[start] !== OPEN_BRACE)
    throw new DomainError('REQUEST_MALFORMED_JSON', 'The body must be a JSON object');
  let at = skipSpace(body, start + 1);
  if (body[at] === CLOSE_BRACE) return at + 1;
  for (let members = 0; members < MAX_MEMBERS; members++) {
    if (body[at] !== QUOTE) throw new DomainError('REQUEST_MALFORMED_JSON');
    const nameEnd = stringEnd(body, at);
    const colon = skipSpace(body, nameEnd + 1);
    if (body[colon] !== COLON) throw new DomainError('REQUEST_MALFORMED_JSON');
    const name = body.toString('latin1', at + 1, Math.min(nameEnd, at + MAX_FIELDS_BYTES));
    at = skipSpace(body, valueEndOf(name, skipSpace(body, colon + 1)));
    if (body[at] === CLOSE_BRACE) return at + 1;
    if (body[at] !== COMMA) throw new DomainError('REQUEST_MALFORMED_JSON');
    at = skipSpace(body, at + 1);
  }
  throw tooLong();
}

/** Index behind any value that is not an image; JSON.parse has the last word on what stands before it. */
function valueEnd(body: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at - start < MAX_FIELDS_BYTES; at += 1) {
    const byte = body[at];
    if (byte === undefined) throw new DomainError('REQUEST_MALFORMED_JSON');
    if (byte === QUOTE) at = stringEnd(body, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (depth > 0 && (byte === CLOSE_BRACE || byte === CLOSE_BRACKET)) depth -= 1;
    else if (depth === 0 && (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET)) return at;
  }
  throw tooLong();
}

/** Index of the closing quote: one that an even number of backslashes precedes. */
function stringEnd(body: Buffer, open: number): number {
  let end = open;
  for (let escaped = 0; escaped <= MAX_ESCAPED_QUOTES; escaped += 1) {
    end = body.indexOf(QUOTE, end + 1);
    if (end < 0) throw new DomainError('REQUEST_MALFORMED_JSON');
    let before = end - 1;
    while (body[before] === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  throw tooLong();
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at += 1;
  return at;
}

function assertEnd(body: Buffer, end: number): void {
  if (skipSpace(body, end) !== body.length) throw new DomainError('REQUEST_MALFORMED_JSON');
}

interface Piece {
  readonly start: number;
  readonly end: number;
}

/** The object from `whole.start` to `whole.end`, each of `cuts` read as null. */
function parseRest(body: Buffer, whole: Piece, cuts: readonly Piece[]): Record<string, unknown> {
  const pieces: Buffer[] = [];
  let from = whole.start;
  for (const { start, end } of cuts) {
    pieces.push(body.subarray(from, start), Buffer.from('null'));
    from = end;
  }
  pieces.push(body.subarray(from, whole.end));
  const rest = Buffer.concat(pieces);
  if (rest.length > MAX_FIELDS_BYTES) throw tooLong();
  return parse(rest) as Record<string, unknown>;
}

function parse(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    throw new DomainError('REQUEST_MALFORMED_JSON');
  }
}

const tooLong = (): DomainError =>
  new DomainError(
    'VALIDATION_FAILED',
    `Send \`data\` as one flat array of numbers; the fields beside an image may have ${MAX_FIELDS_BYTES} bytes in all`,
  );
