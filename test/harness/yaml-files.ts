import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const ROOT = join(__dirname, '../..');

// oxlint-disable-next-line typescript/no-explicit-any -- what is in a YAML file is what the test asserts
export type Yaml = any;

/** One file with its `<<` merged, relative to the project. */
export const yamlFile = (path: string): Yaml =>
  parse(readFileSync(join(ROOT, path), 'utf8'), { merge: true });

/** Every document of every YAML file of a folder, by file name. */
export function yamlFolder(path: string): Map<string, Yaml[]> {
  const files = readdirSync(join(ROOT, path)).filter((name) => name.endsWith('.yaml'));
  return new Map(
    files.map((name) => [
      name,
      parseAllDocuments(readFileSync(join(ROOT, path, name), 'utf8')).map((document) => document.toJS()),
    ]),
  );
}
