// What docs/requirements.md and docs/compliance.md say, for the record of evidence and for the test that keeps them true.
import { readFileSync } from 'node:fs';

const document = (name) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const ID = /R-\d\d/g;

/** @returns `[{id, text}]` in the order of the document; those that no test shows are listed a second time, with the reason */
export function requirements() {
  const [asked, notShown] = document('requirements.md').split('## Not shown by a test');
  const listed = (text) =>
    [...text.matchAll(/^- \*\*(R-\d\d)\*\* ([^]*?)(?=\n- |\n\n|$(?![^]))/gm)].map(([, id, words]) => ({
      id,
      text: words.replaceAll(/\s+/g, ' ').trim(),
    }));
  return { asked: listed(asked), notShown: listed(notShown) };
}

/** @returns `[{clause, does, ids}]` */
export function clauses() {
  const rows = document('compliance.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (clause|-)/.test(line));
  return rows.map((row) => {
    const [clause, does, ids] = row
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return { clause, does, ids: ids.match(ID) ?? [] };
  });
}

/** The requirements that the name of a test carries. */
export const idsIn = (name) => [...name.matchAll(/\[(R-\d\d)\]/g)].map(([, id]) => id);
