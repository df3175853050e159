import { NotCanonical, parseCanonical } from './canonical-json';

describe('RFC 8785', () => {
  it('reads the example of section 3.2.3, sorted by UTF-16 code units', () => {
    const sorted =
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control\u007f","ö":"Latin Small Letter O With Diaeresis",' +
      '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}';
    expect(Object.keys(parseCanonical(sorted) as object)).toHaveLength(7);
  });

  it('reads the output of section 3.2.2', () => {
    const output =
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}';
    expect(parseCanonical(output)).toMatchObject({ literals: [null, true, false] });
  });

  it.each([
    '0',
    '-5',
    '9007199254740992',
    '295147905179352830000',
    '1e+23',
    '0.000001',
    '1e-7',
    '9.999999999999997e+22',
  ])('reads the number %s of appendix B', (number) => {
    expect(parseCanonical(`{"n":${number}}`)).toEqual({ n: Number(number) });
  });

  it.each([
    ['white space', '{"a": 1}'],
    ['white space at the end', '{"a":1} '],
    ['a key twice', '{"a":1,"a":2}'],
    ['a key twice, spelt differently', '{"a":1,"\\u0061":1}'],
    ['keys that are not sorted', '{"b":1,"a":2}'],
    ['nested keys that are not sorted', '{"a":[{"c":1,"b":2}]}'],
    ['keys sorted as numbers', '{"9":1,"10":2}'],
    ['keys sorted by code point', '{"\ufb33":1,"😀":2}'],
    ['a letter escaped', '{"a":"\\u0061"}'],
    ['a solidus escaped', '{"a":"\\/"}'],
    ['an escape in capitals', '{"a":"\\u001F"}'],
    ['a control character with a short form', '{"a":"\\u000a"}'],
    ['a lone surrogate, escaped', '{"a":"\\ud800"}'],
    ['a lone surrogate', '{"a":"\ud800"}'],
    ['a zero in front', '{"a":01}'],
    ['a minus zero', '{"a":-0}'],
    ['a fraction that is none', '{"a":1.0}'],
    ['an exponent in another form', '{"a":1E3}'],
    ['an integer that a double cannot hold', '{"a":9007199254740993}'],
    ['infinity', '{"a":1e999}'],
    ['a comma too many', '{"a":1,}'],
    ['nothing', ''],
    ['two values', '{}{}'],
    ['depth', '['.repeat(40) + ']'.repeat(40)],
    ['endless depth', '['.repeat(30_000) + ']'.repeat(30_000)],
  ])('refuses %s', (_name, text) => {
    expect(() => parseCanonical(text)).toThrow(NotCanonical);
  });

  it('has a backslash before "ud" that is no escape', () => {
    expect(parseCanonical('{"a":"C:\\\\udder"}')).toEqual({ a: 'C:\\udder' });
  });

  it('keeps __proto__ a key like any other', () => {
    expect(Object.keys(parseCanonical('{"__proto__":{"a":1},"a":1}') as object)).toEqual(['__proto__', 'a']);
  });
});
