import { DomainError } from '../errors/domain.error';

/** The image inside a JSON body, still as text, and the other fields. */
export interface SplitBody {
  readonly fields: Record<string, unknown>;
  /** JSON text of `data`, brackets included. */
  readonly data?: Buffer;
  /** Text of `image`, without its quotes. */
  readonly image?: Buffer;
}

/** All that may stand beside the image. */
const MAX_FIELDS_BYTES = 16 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Cuts `data` and `image` out of the body without reading them: `data` holds numbers only, so it ends at the next `]`,
 * and `image` is base64, so it ends at the next quote. What is left is small and goes through JSON.parse; the cut-out
 * bytes are checked where they are decoded, off the event loop.
 * @throws DomainError REQUEST_MALFORMED_JSON, VALIDATION_FAILED
 */
export function splitJsonBody(body: Buffer): SplitBody {
  const cuts: { start: number; end: number; bytes: Buffer; name: 'data' | 'image' }[] = [];
  let at = skipSpace(body, 0);
  if (body[at] !== OPEN_BRACE)
    throw new DomainError('REQUEST_MALFORMED_JSON', 'The body must be a JSON object');
  do {
    const nameStart = skipSpace(body, at + 1);
    if (body[nameStart] !== QUOTE) break;
    const nameEnd = stringEnd(body, nameStart);
    const colon = skipSpace(body, nameEnd + 1);
    if (body[colon] !== COLON) break;
    const start = skipSpace(body, colon + 1);
    const name = body.toString('latin1', nameStart + 1, nameEnd);
    const end = valueEnd(body, start, name);
    if (end === undefined) break;
    if (name === 'data' && body[start] === OPEN_BRACKET)
      cuts.push({ start, end, name, bytes: body.subarray(start, end) });
    if (name === 'image' && body[start] === QUOTE)
      cuts.push({ start, end, name, bytes: body.subarray(start + 1, end - 1) });
    at = skipSpace(body, end);
  } while (body[at] === COMMA);

  const fields = parseRest(body, cuts);
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

/** Index behind a string, number, literal or flat array; undefined for what is none of them. */
function valueEnd(body: Buffer, start: number, name: string): number | undefined {
  const first = body[start];
  if (first === OPEN_BRACKET && name === 'data') {
    const close = body.indexOf(CLOSE_BRACKET, start);
    return close < 0 ? undefined : close + 1;
  }
  if (first === QUOTE) return stringEnd(body, start) + 1;
  if (first === OPEN_BRACKET || first === OPEN_BRACE) return undefined;
  let end = start;
  while (end < body.length && body[end] !== COMMA && body[end] !== 0x7d) end += 1;
  return end;
}

/** Index of the closing quote: one that an even number of backslashes precedes. */
function stringEnd(body: Buffer, open: number): number {
  for (let end = body.indexOf(QUOTE, open + 1); end >= 0; end = body.indexOf(QUOTE, end + 1)) {
    let before = end - 1;
    while (body[before] === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  throw new DomainError('REQUEST_MALFORMED_JSON');
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at += 1;
  return at;
}

function parseRest(body: Buffer, cuts: readonly { start: number; end: number }[]): Record<string, unknown> {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { start, end } of cuts) {
    pieces.push(body.subarray(from, start), Buffer.from('null'));
    from = end;
  }
  pieces.push(body.subarray(from));
  const rest = Buffer.concat(pieces);
  if (rest.length > MAX_FIELDS_BYTES) {
    throw new DomainError(
      'VALIDATION_FAILED',
      `The fields beside the image may have ${MAX_FIELDS_BYTES} bytes in all`,
    );
  }
  try {
    return JSON.parse(rest.toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new DomainError('REQUEST_MALFORMED_JSON');
  }
}
