import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfiguration } from '../../src/config/configuration';
import { ERROR_CODES } from '../../src/errors/error-codes';
import { temporaryDirectory } from '../harness/temporary-directory';

const ROOT = join(__dirname, '../..');
const NAME = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;

/** Every variable that the configuration asks for, secrets also by the names of their files. */
function knownVariables(): Set<string> {
  const asked = new Set<string>();
  const variables = { DATA_DIR: temporaryDirectory() };
  loadConfiguration(
    new Proxy<Record<string, string>>(variables, {
      get: (target, name: string) => {
        asked.add(name);
        return target[name];
      },
    }),
  );
  return asked;
}

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const filesOf = (folder: string, end: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .map((name) => join(folder, name));

/** `NAME` and the name in `NAME=value`, as code. */
const namedIn = (text: string): string[] =>
  [...text.matchAll(/`([A-Z][A-Z0-9_]*)(=[^`]*)?`/g)].map(([, name]) => name!);

describe('environment variables [R-16] [R-61]', () => {
  const known = knownVariables();
  const documents = ['README.md', ...filesOf('docs', '.md')].map(textOf).join('\n');

  it('each that the configuration reads is in README.md or docs', () => {
    const named = new Set(namedIn(documents));
    const missing = [...known].filter((name) => !named.has(name.replace(/_FILE$/, '')));
    expect(missing).toEqual([]);
  });

  it('each first column of a table of variables is read by the configuration', () => {
    const tables = documents.split('\n').filter((line) => line.startsWith('| `'));
    const named = tables.flatMap((line) => namedIn(line.split('|')[1]!));
    const variables = named.filter((name) => NAME.test(name) && !(name in ERROR_CODES));
    expect(variables.length).toBeGreaterThan(60);
    expect(variables.filter((name) => !known.has(name))).toEqual([]);
  });

  it('each that Compose and Kubernetes set is read by the configuration', () => {
    const files = ['docker/compose.yml', ...filesOf('docker/kubernetes', '.yaml')];
    const set = files.flatMap((file) =>
      [...textOf(file).matchAll(/^ +([A-Z][A-Z0-9_]*):|\bname: ([A-Z][A-Z0-9_]*)\b/gm)].map(
        ([, key, name]) => key ?? name!,
      ),
    );
    const ours = set.filter((name) => !name.startsWith('POSTGRES_'));
    expect(ours.length).toBeGreaterThan(20);
    expect(ours.filter((name) => !known.has(name))).toEqual([]);
  });
});
