import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWritable } from './write-probe';

describe('whether a directory can be written', () => {
  const directory = mkdtempSync(join(tmpdir(), 'medai-write-probe-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('yes, and nothing is left in it', async () => {
    expect(await isWritable(directory)).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('yes, where it could be made', async () => {
    expect(await isWritable(join(directory, 'not', 'there'))).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('not where a file is in the way', async () => {
    writeFileSync(join(directory, 'file'), '');
    expect(await isWritable(join(directory, 'file'))).toBe(false);
    expect(await isWritable(join(directory, 'file', 'below'))).toBe(false);
  });
});
