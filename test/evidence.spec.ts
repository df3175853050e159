import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function testFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(spec|contract)\.ts$/.test(name))
    .map((name) => join(folder, name));
}

const idsIn = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, id]) => id!);

describe('the evidence [R-55] [R-58]', () => {
  const [asked, notShown] = read('docs/requirements.md').split('## Not shown by a test') as [string, string];
  const requirements = idsIn(asked, /^- \*\*(R-\d\d)\*\*/gm);
  const excused = idsIn(notShown, /^- \*\*(R-\d\d)\*\*/gm);
  const shown = new Set(
    ['test', 'src'].flatMap(testFiles).flatMap((file) => idsIn(read(file), /\[(R-\d\d)\]/g)),
  );

  it('requirements are numbered without gaps', () => {
    expect(requirements).toEqual(requirements.map((_, i) => `R-${String(i + 1).padStart(2, '0')}`));
    expect(requirements.length).toBeGreaterThan(60);
  });

  it('each requirement is shown by a test, or said not to be', () => {
    expect(requirements.filter((id) => !shown.has(id))).toEqual(excused);
  });

  it('tests name requirements that there are', () => {
    expect([...shown].filter((id) => !requirements.includes(id))).toEqual([]);
  });

  it('clauses of regulations name requirements that there are', () => {
    const named = idsIn(read('docs/compliance.md'), /\b(R-\d\d)\b/g);
    expect(named.filter((id) => !requirements.includes(id))).toEqual([]);
    expect(new Set(named).size).toBeGreaterThan(25);
  });

  it('supports regulations, and claims no compliance', () => {
    const texts = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))].filter(
      (name) => name.endsWith('.md'),
    );
    const claims = texts.filter((name) =>
      /\b(is|are|fully) (HIPAA|FDA|GDPR|compliant|certified)\b/i.test(read(name)),
    );
    expect(claims).toEqual([]);
  });
});
