import { DomainError } from '../../errors/domain.error';
import common from './common-passwords.json';

/** NIST SP 800-63B-4 for a single factor: 15 to 256 code points, no rules of composition. */
export const MIN_CODE_POINTS = 15;
export const MAX_CODE_POINTS = 256;

const COMMON = new Set(common.words.split(' '));
const LONGEST = 32;
const PRODUCT = ['medai', 'medaiflow', 'flow'];

/** What belongs to the account and would be guessed first. */
export interface PasswordContext {
  readonly username: string;
  readonly email: string;
}

/** Letters and digits alone, unless there are more other characters than those. */
function folded(text: string): string {
  const whole = text.normalize('NFKC').toLowerCase();
  const words = whole.replaceAll(/[^\p{L}\p{N}]/gu, '');
  return words.length * 2 >= whole.length ? words : whole;
}

/**
 * A password is guessable if the whole of it is no more than two words of the list or of the account put together,
 * whatever is repeated and however it is punctuated, with at most three other characters.
 */
export function isGuessable(password: string, { username, email }: PasswordContext): boolean {
  const own = new Set(
    [...PRODUCT, ...[username, email].flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)])].map(
      folded,
    ),
  );
  const isWord = (text: string): boolean => (COMMON.has(text) || own.has(text)) && text.length > 2;
  const text = folded(password);
  return [text, withoutRepeats(text)].some((form) => fewestParts(form, isWord) <= 2);
}

const STRAY_CHARACTERS = 3;

/** The fewest words that make up the text with at most three stray characters; Infinity if they cannot. */
function fewestParts(text: string, isWord: (text: string) => boolean): number {
  // best[i][s]: fewest words in the first i characters with s strays
  const best = [Array<number>(STRAY_CHARACTERS + 1).fill(0)];
  for (let end = 1; end <= text.length; end++) {
    best.push(
      Array.from({ length: STRAY_CHARACTERS + 1 }, (_, strays) => {
        let fewest = strays > 0 ? best[end - 1]![strays - 1]! : Infinity;
        for (let start = Math.max(0, end - LONGEST); start < end - 2; start++) {
          const words = best[start]![strays]! + 1;
          if (words < fewest && isWord(text.slice(start, end))) fewest = words;
        }
        return fewest;
      }),
    );
  }
  return best[text.length]![STRAY_CHARACTERS]!;
}

/** `passwordpassword` → `password`, `1111111` → `111`: repeating adds nothing to guess. */
const withoutRepeats = (text: string): string =>
  text.replaceAll(/(.)\1{3,}/gu, '$1$1$1').replaceAll(/(.{2,64}?)\1+/gu, '$1');

/** @throws DomainError VALIDATION_FAILED for a password that would be guessed early */
export function assertNotGuessable(password: string, context: PasswordContext, field: string): void {
  if (!isGuessable(password, context)) return;
  const message = 'must not be made of common words, of the account’s names or of the product’s name alone';
  throw new DomainError('VALIDATION_FAILED', undefined, { errors: [{ field, message }] });
}
