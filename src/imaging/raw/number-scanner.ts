import { malformedNumber, notANumber, tooManyNumbers } from './number-errors';

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const LOWER_E = 0x65;

/** Significant digits whose integer fits 32 bits. */
const SMALL_DIGITS = 9;
/** Significant digits whose integer, plus one, is exact in a double. */
const EXACT_DIGITS = 15;
/** Powers of ten that are exact in a double. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** 10^15 * 10^-62 is less than half of the smallest float32. */
const VANISHING_EXPONENT = -62;
const EXPONENT_CAP = 1_000_000;

/**
 * Reads the JSON text of a flat array of numbers straight into float32, each the float32 nearest to what JSON.parse
 * gives. A number too large for float32 becomes Infinity.
 * @param limit the most values to expect
 * @throws DomainError REQUEST_MALFORMED_JSON; VALIDATION_FAILED for an element that is JSON but not a number;
 * IMAGE_DATA_LENGTH for more than `limit` values, or IMAGE_DIMENSIONS_OUT_OF_BOUNDS where `limit` is all there may be
 */
export function scanNumbers(bytes: Uint8Array, limit: number): Float32Array {
  // Two bytes are the least a value takes.
  const values = new Float32Array(Math.min(limit, (bytes.length + 1) >> 1));
  let count = 0;
  let at = skipSpace(bytes, 0);
  if (bytes[at++] !== OPEN) throw malformedNumber(0);
  at = skipSpace(bytes, at);
  if (bytes[at] === CLOSE) return end(bytes, at, values.subarray(0, 0));
  for (;;) {
    const start = at;
    const negative = bytes[at] === MINUS;
    if (negative) at++;

    // The first digits and those after them, each in 32 bits: that is faster than one double.
    let high = 0;
    let low = 0;
    let digits = 0;
    let exponent = 0;
    let cut = false;
    let byte = bytes[at]!;
    if (byte === ZERO) {
      byte = bytes[++at]!;
    } else {
      if (!(byte >= ZERO && byte <= NINE))
        throw notANumber(text(bytes, start, Math.min(start + 6, bytes.length)), count);
      for (; digits < SMALL_DIGITS && byte >= ZERO && byte <= NINE; digits++, byte = bytes[++at]!) {
        high = (high * 10 + byte - ZERO) | 0;
      }
      for (; digits < EXACT_DIGITS && byte >= ZERO && byte <= NINE; digits++, byte = bytes[++at]!) {
        low = (low * 10 + byte - ZERO) | 0;
      }
      for (; byte >= ZERO && byte <= NINE; cut = true, byte = bytes[++at]!) exponent++;
    }
    if (byte === POINT) {
      const fraction = ++at;
      byte = bytes[at]!;
      if (digits === 0) for (; byte === ZERO; byte = bytes[++at]!) exponent--;
      const before = digits;
      for (; digits < SMALL_DIGITS && byte >= ZERO && byte <= NINE; digits++, byte = bytes[++at]!) {
        high = (high * 10 + byte - ZERO) | 0;
      }
      for (; digits < EXACT_DIGITS && byte >= ZERO && byte <= NINE; digits++, byte = bytes[++at]!) {
        low = (low * 10 + byte - ZERO) | 0;
      }
      exponent -= digits - before;
      for (; byte >= ZERO && byte <= NINE; byte = bytes[++at]!) cut = true;
      if (at === fraction) throw malformedNumber(count);
    }
    if ((byte | 0x20) === LOWER_E) {
      byte = bytes[++at]!;
      const lower = byte === MINUS;
      if (lower || byte === PLUS) byte = bytes[++at]!;
      const first = at;
      let power = 0;
      for (; byte >= ZERO && byte <= NINE; byte = bytes[++at]!) {
        if (power < EXPONENT_CAP) power = power * 10 + byte - ZERO;
      }
      if (at === first) throw malformedNumber(count);
      exponent += lower ? -power : power;
    }

    const integer = digits <= SMALL_DIGITS ? high : high * POWERS[digits - SMALL_DIGITS]! + low;
    let value = 0;
    if (integer > 0 && exponent > VANISHING_EXPONENT) {
      value = scale(integer, exponent);
      // Cut digits lie between these two; where both give one float32, so does the number itself.
      if (Number.isNaN(value) || (cut && Math.fround(value) !== Math.fround(scale(integer + 1, exponent)))) {
        value = Number(text(bytes, negative ? start + 1 : start, at));
      }
    }
    if (count === limit) throw tooManyNumbers(limit);
    values[count++] = negative ? -value : value;

    if (byte !== COMMA) {
      at = skipSpace(bytes, at);
      byte = bytes[at]!;
      if (byte === CLOSE) return end(bytes, at, values.subarray(0, count));
      if (byte !== COMMA) throw malformedNumber(count - 1);
    }
    at = skipSpace(bytes, at + 1);
  }
}

/** Correctly rounded, or NaN where that takes more than one operation. */
function scale(integer: number, exponent: number): number {
  return exponent < 0 ? integer / POWERS[-exponent]! : integer * POWERS[exponent]!;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (
    let byte = bytes[at];
    byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
    byte = bytes[at]
  )
    at++;
  return at;
}

function end(bytes: Uint8Array, close: number, values: Float32Array): Float32Array {
  if (skipSpace(bytes, close + 1) !== bytes.length) throw malformedNumber(values.length);
  return values;
}

const text = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
