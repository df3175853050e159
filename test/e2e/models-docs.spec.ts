import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PASSWORD, type RunningApp, startApp } from '../harness/running-app';

jest.setTimeout(60_000);

const ROOT = join(__dirname, '../..');
const hasCurl = spawnSync('curl', ['--fail-with-body', '--version']).status === 0;
if (!hasCurl) process.stderr.write('docs/models.md: skipped, curl 7.76 or later is not installed\n');

describe('docs/models.md', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp();
  });
  afterAll(() => running.stop());

  (hasCurl ? it : it.skip)('its commands bring a model into production, and it answers', async () => {
    const [, script] = /```sh\n([^]*?)```/.exec(readFileSync(join(ROOT, 'docs/models.md'), 'utf8'))!;
    const env = { PATH: process.env['PATH'], URL: running.url, ADMIN_PASSWORD: PASSWORD };
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script!], {
      cwd: ROOT,
      env,
    });
    const last = stdout.slice(stdout.lastIndexOf('{"inference_id"'));
    expect(JSON.parse(last)).toMatchObject({
      status: 'completed',
      prediction: { above_threshold: true },
      model: { model_name: 'my-model', status: 'production' },
    });
  });
});
