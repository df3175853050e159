/** The text is not the one form that RFC 8785 gives its value. */
export class NotCanonical extends Error {}

/** Entries are flat; what nests deeper was not written by the log. */
const MAX_DEPTH = 32;

/**
 * Reads a text that must be in RFC 8785 form: keys sorted by UTF-16 code units, no white space, ECMAScript's numbers and
 * strings, no key twice, no lone surrogate.
 * @throws NotCanonical
 */
export function parseCanonical(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotCanonical('it is not JSON');
  }
  // ECMAScript writes all but the order of keys and lone surrogates as RFC 8785 asks for.
  const quick = isSorted(value, 0) && !text.includes('\\ud') && JSON.stringify(value) === text;
  if (!quick && canonicalForm(value, 0) !== text) throw new NotCanonical('it is not in RFC 8785 form');
  return value;
}

function isSorted(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isSorted(item, depth + 1));
  let last: string | undefined;
  for (const key of Object.keys(value)) {
    if (last !== undefined && key <= last) return false;
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object' && !isSorted(item, depth + 1)) return false;
    last = key;
  }
  return true;
}

function canonicalForm(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new NotCanonical('it nests too deep');
  if (Array.isArray(value)) return `[${value.map((item) => canonicalForm(item, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    const texts = members.map(
      ([key, item]) => `${canonicalForm(key, depth + 1)}:${canonicalForm(item, depth + 1)}`,
    );
    return `{${texts.join(',')}}`;
  }
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value))
    throw new NotCanonical('a string is not Unicode');
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new NotCanonical('a number is out of range');
  return JSON.stringify(value);
}
