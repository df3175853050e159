import fc from 'fast-check';
import { foldUsername, isUsername } from './username';

const text = fc.string({ unit: 'binary', maxLength: 80 });

describe('usernames', () => {
  it('folding what is folded changes nothing, and case, width and composition do not count', () => {
    fc.assert(
      fc.property(text, (name) => {
        const folded = foldUsername(name);
        expect(foldUsername(folded)).toBe(folded);
        for (const same of [name.normalize('NFD'), name.normalize('NFKC')])
          expect(foldUsername(same)).toBe(folded);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abcxyzäößéñ09._-'), maxLength: 64 }), (name) => {
        expect(foldUsername(name.toLocaleUpperCase('en').replaceAll('SS', 'ß'))).toBe(
          foldUsername(name.replaceAll('ss', 'ß')),
        );
      }),
    );
  });

  it('a name that is accepted has letters of one script only, and nothing invisible', () => {
    const mixed = fc.string({
      unit: fc.constantFrom(...'abcеорοαжя01._-\u200d\u200f\u0301 \n日'),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.oneof(mixed, text), (name) => {
        const folded = foldUsername(name);
        if (!isUsername(folded)) return;
        expect(folded).toMatch(/^[\p{L}0-9][\p{L}0-9._-]{1,63}$/u);
        const scripts = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u];
        expect(scripts.filter((script) => script.test(folded)).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });
});
