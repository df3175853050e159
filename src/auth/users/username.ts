const MIN_CHARACTERS = 2;
const MAX_CHARACTERS = 64;

/** The form under which a username is stored, compared and kept unique. Folding what is folded changes nothing. */
export const foldUsername = (username: string): string =>
  username.normalize('NFKC').toLowerCase().normalize('NFKC');

/** Letters of one script, ASCII digits, and dot, underscore and hyphen after the first character. */
const ONE_SCRIPT = ['Latin', 'Greek', 'Cyrillic'].map(
  (script) =>
    new RegExp(`^(?=[\\p{Script=${script}}0-9])(?:(?=\\p{L})\\p{Script=${script}}|[0-9._-])+$`, 'u'),
);
/** Greek and Cyrillic small letters that pass for Latin ones: a name of these alone is another name in disguise. */
const LATIN_LOOKALIKES = /^[0-9._\-αικνορτυχϲϳасеорухіјѕһԁԛԝӏ]+$/u;

/** @param folded as `foldUsername` gives it */
export function isUsername(folded: string): boolean {
  const length = Array.from(folded).length;
  if (
    length < MIN_CHARACTERS ||
    length > MAX_CHARACTERS ||
    !ONE_SCRIPT.some((script) => script.test(folded))
  ) {
    return false;
  }
  return /[a-z]/.test(folded) || !/\p{L}/u.test(folded) || !LATIN_LOOKALIKES.test(folded);
}
