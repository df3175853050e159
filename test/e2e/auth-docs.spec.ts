import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from '../harness/client';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(60_000);

const ROOT = join(__dirname, '../..');
const [machine, rotation] = [
  ...readFileSync(join(ROOT, 'docs/auth.md'), 'utf8').matchAll(/```sh\n([^]*?)```/g),
].map(([, script]) => script!) as [string, string];
const hasCurl = spawnSync('curl', ['--fail-with-body', '--version']).status === 0;
if (!hasCurl) process.stderr.write('docs/auth.md: skipped, curl 7.76 or later is not installed\n');

const dataDir = temporaryDirectory();
let running: RunningApp;

beforeAll(async () => {
  running = await startApp({ DATA_DIR: dataDir });
});
afterAll(() => running.stop());

async function run(script: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
  });
  return stdout;
}

describe('docs/auth.md', () => {
  (hasCurl ? it : it.skip)('a machine gets in by API key, by the next one, and by a key pair', async () => {
    const said = await run(machine, { URL: running.url, ADMIN_PASSWORD: PASSWORD });
    expect(said.match(/"username":"pacs\.gateway"/g)).toHaveLength(3);
    const revoked = /"revoked_at":"[^"]+"/.exec(said);
    expect(revoked).not.toBeNull();
  });

  it('keys of access tokens are published, rotated and retired', async () => {
    const said = await run(rotation, { DATA_DIR: dataDir });
    expect(said).toMatch(/^There was no next key[^]*\nRotated\.[^]*\nThe previous key is retired/);
    const rotated = /Rotated[^]*?\ncurrent (\S+)/.exec(said)![1];
    const current = async (): Promise<string> =>
      (await new Client(running.url).get('/.well-known/jwks.json')).body.keys[0].kid;
    for (let tries = 0; (await current()) !== rotated && tries < 100; tries++) await sleep(50);
    expect(await current()).toBe(rotated);
  });
});
