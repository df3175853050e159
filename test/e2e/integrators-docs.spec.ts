import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '../harness/client';
import { type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);

const ROOT = join(__dirname, '../..');
const text = readFileSync(join(ROOT, 'docs/integrators.md'), 'utf8');
const snippets = (language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, code]) => code!);

const present = (program: string): jest.It => {
  if (spawnSync(program, ['--version']).status === 0) return it;
  process.stderr.write(`docs/integrators.md: ${program} is not installed, its snippet is skipped\n`);
  return it.skip;
};

describe('docs/integrators.md [R-61]', () => {
  let running: RunningApp;
  let env: Record<string, string | undefined>;
  beforeAll(async () => {
    running = await startApp();
    const client = new Client(running.url);
    const admin = await running.token('admin');
    const { body } = await client.get('/users?limit=100', admin);
    const account = body.items.find(({ role }: { role: string }) => role === 'integration');
    const key = await client.post(`/users/${account.user_id}/keys`, admin, { kind: 'api_key', name: 'docs' });
    env = { PATH: process.env['PATH'], URL: running.url, API_KEY: key.body.api_key };
  });
  afterAll(() => running.stop());

  const run = async (program: string, args: readonly string[]): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(program, args, { cwd: ROOT, env });
    return JSON.parse(stdout);
  };
  const script = (name: string, code: string): string => {
    const path = join(temporaryDirectory(), name);
    writeFileSync(path, code);
    return path;
  };
  const found = { prediction: { label: 'bright spot', above_threshold: true } };

  present('curl')('the first request, with curl', async () => {
    expect(await run('bash', ['-euo', 'pipefail', '-c', snippets('sh')[0]!])).toMatchObject(found);
  });

  present('curl')('a batch that is answered later, with curl', async () => {
    const batch = await run('bash', ['-euo', 'pipefail', '-c', snippets('sh')[1]!]);
    expect(batch).toMatchObject({ total_images: 2, successful: 2, failed: 0, status: 'completed' });
  });

  present('python3')('the first request, with Python', async () => {
    expect(await run('python3', [script('infer.py', snippets('python')[0]!)])).toMatchObject(found);
  });

  it('the first request, with JavaScript', async () => {
    expect(await run(process.execPath, [script('infer.mjs', snippets('js')[0]!)])).toMatchObject(found);
  });

  present('python3')('a refusal is told by its code, with Python', async () => {
    const code = snippets('python')[0]!.replace('image/png")', 'image/gif")');
    const failed = promisify(execFile)('python3', [script('infer.py', code)], { cwd: ROOT, env });
    await expect(failed).rejects.toThrow(/RuntimeError: [A-Z_]+: /);
  });
});
