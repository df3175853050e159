/** So many letters changed, added or left out are a slip; in shorter names they make another word. */
const SLIPS = 2;
const SHORTEST = 7;

/** Each name that is nearly one of the known ones and none of them, with the one it is near to. */
export function nearNames(names: readonly string[], known: ReadonlySet<string>): ReadonlyMap<string, string> {
  const near = names
    .filter((name) => !known.has(name) && name.length >= SHORTEST)
    .map((name): [string, string | undefined] => [
      name,
      [...known].find((other) => distance(name, other) <= SLIPS),
    ]);
  return new Map(near.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Levenshtein's: single letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...a].entries()) {
    const line = [row + 1];
    for (let column = 0; column < b.length; column++)
      line.push(
        Math.min(above[column + 1]! + 1, line[column]! + 1, above[column]! + Number(letter !== b[column])),
      );
    above = line;
  }
  return above.at(-1)!;
}
