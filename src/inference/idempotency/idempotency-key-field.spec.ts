import { idempotencyKeyIn } from './idempotency-key-field';

describe('Idempotency-Key', () => {
  it.each([
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    [String.raw`"a \"b\" \\c, d"`, String.raw`a "b" \c, d`],
    ['a', 'a'],
    [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
  ])('%s', (field, key) => {
    expect(idempotencyKeyIn(field)).toBe(key);
  });

  it.each([
    '',
    '""',
    ' ',
    'a b',
    'a, b',
    '"a", "b"',
    '"a',
    'a"',
    String.raw`"\a"`,
    '"a";p=1',
    'schlüssel',
    'a\tb',
    'k'.repeat(256),
    `"${'k'.repeat(256)}"`,
  ])('%j is refused', (field) => {
    expect(() => idempotencyKeyIn(field)).toThrow('IDEMPOTENCY_KEY_MALFORMED');
  });
});
