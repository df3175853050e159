import { scanNumbers } from './number-scanner';

const scan = (text: string, limit = 1000): number[] => [...scanNumbers(Buffer.from(text), limit)];
const parsed = (text: string): number[] => (JSON.parse(text) as number[]).map(Math.fround);
const failure = (code: string): Error => expect.objectContaining({ code }) as Error;

/** Deterministic, uniform in 0..1 (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('scanNumbers [R-04]', () => {
  it.each([
    '[0]',
    '[-0]',
    '[0.0,-0.0e5,0e999,0.000]',
    '[1,10,100,-1]',
    '[0.1,0.25,0.333333333333333333333333333]',
    '[1e-3,1E-3,1e+0,12.5e-2,1.0E0]',
    '[1e-30,3.4e-39,1.4e-45,7e-46,1e-61,1e-62,1e-400,-1e-400]',
    '[3.4028234663852886e38,123456789012345678901234567890]',
    '[0.000000000000000000000000000000000000000000001401298464324817]',
    ' [ 1 ,\t2\r\n, 3 ] \n',
    '[0.12345678901234568,1.2345678901234567e-05,0.99999999999999994]',
    '[9007199254740993,0.9007199254740993]',
    `[0.${'0'.repeat(400)}1,${'1'.repeat(400)}e-400]`,
  ])('agrees with JSON.parse on %s', (text) => {
    expect(scan(text)).toEqual(parsed(text));
  });

  it('decides halfway cases of float32 as JSON.parse does', () => {
    // Halfway between two float32 values, and a hair to either side of it.
    const ties = [
      '0.500000029802322387695312',
      '1.00000005960464477539062',
      '0.0000152587899151694728061556816101074',
    ];
    const text = `[${ties.flatMap((tie) => [tie, `${tie}5`, `${tie}50000000001`, `${tie}4999999999`]).join()}]`;
    expect(scan(text)).toEqual(parsed(text));
  });

  it('agrees with JSON.parse on numbers of every length and exponent', () => {
    const random = generator(20261101);
    const digits = (most: number): string =>
      Array.from({ length: 1 + random() * most }, () => (random() * 10) | 0).join('');
    const numbers = Array.from({ length: 20_000 }, () => {
      const integer = random() < 0.5 ? '0' : `${1 + ((random() * 9) | 0)}${random() < 0.5 ? '' : digits(20)}`;
      const fraction = random() < 0.8 ? `.${digits(25)}` : '';
      const exponent =
        random() < 0.3 ? `e${random() < 0.5 ? '-' : random() < 0.5 ? '+' : ''}${(random() * 50) | 0}` : '';
      return (random() < 0.2 ? '-' : '') + integer + fraction + exponent;
    });
    const text = `[${numbers.join()}]`;
    expect(scan(text, 20_000)).toEqual(parsed(text));
  });

  it('agrees with JSON.parse on what JSON.stringify writes for float64 and float32', () => {
    const random = generator(7);
    const values = Array.from({ length: 20_000 }, (_, i) => (i % 2 ? random() : Math.fround(random() ** 9)));
    const text = JSON.stringify(values);
    expect(scan(text, 20_000)).toEqual(parsed(text));
  });

  it('gives an empty array for an empty array', () => {
    expect(scan('[]')).toEqual([]);
    expect(scan(' [ ] ')).toEqual([]);
  });

  it('gives Infinity for a number too large for float32', () => {
    expect(scan('[1e999,-1e39]')).toEqual([Infinity, -Infinity]);
  });

  // prettier-ignore
  it.each([
    '', '[', '[1', '[1,', '[1,]', '[,1]', '[1 2]', '[1]]', '[1] x', '[1,\u00002]', '[01]',
    '[-]', '[+1]', '[.5]', '[1.]', '[1.e2]', '[1e]', '[1e+]', '[--1]', '[0x10]', '[1_000]', '[1,2',
    '[NaN]', '[nan]', '[Infinity]', '[-Infinity]', '[inf]', '[None]', '[nullx]', '[0.5f]', '[１]',
  ])('refuses %j as JSON', (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(() => scan(text)).toThrow(failure('REQUEST_MALFORMED_JSON'));
  });

  it.each(['[[1,2],[3,4]]', '["1"]', '[null]', '[1,true]', '[{}]'])(
    'refuses %s as not a flat array',
    (text) => {
      expect(() => scan(text)).toThrow(failure('VALIDATION_FAILED'));
    },
  );

  it('names the element, never its text', () => {
    const errors = [{ field: 'data[2]', message: 'expected a JSON number' }];
    expect(() => scan('[0.5, 0.25, NaN]')).toThrow(expect.objectContaining({ errors }) as Error);
  });

  it('stops at the first value beyond the limit', () => {
    expect(scan('[1,2,3]', 3)).toEqual([1, 2, 3]);
    expect(() => scan('[1,2,3,NaN', 2)).toThrow(failure('IMAGE_DATA_LENGTH'));
  });

  it('reads bytes that stand anywhere in a buffer', () => {
    const body = Buffer.from('{"data":[0.1,1e-30]}');
    expect([...scanNumbers(body.subarray(8, 19), 2)]).toEqual([0.1, 1e-30].map(Math.fround));
  });
});
