import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import { temporaryDirectory } from '../harness/temporary-directory';

jest.setTimeout(120_000);

const ROOT = join(__dirname, '../..');
const LANGUAGES = 'sh|python|js|csharp';

/** Who runs the blocks of commands and programs, in order; or why no test does. */
const RUN: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['here', 'not: `npm ci` replaces the packages that run the tests; `.ci/run` begins with both'],
  'docs/audit.md': [
    'test/e2e/audit-api.spec.ts',
    'test/e2e/result-export.spec.ts',
    'not: its folder is the operator’s; audit-archive.spec.ts runs the program',
  ],
  'docs/auth.md': ['test/e2e/auth-docs.spec.ts', 'test/e2e/auth-docs.spec.ts'],
  'docs/container.md': ['not: needs a container engine and images from a registry'],
  'docs/idempotency.md': ['here'],
  'docs/integrators.md': [
    'test/e2e/integrators-docs.spec.ts',
    'test/e2e/integrators-docs.spec.ts',
    'test/e2e/integrators-docs.spec.ts',
    'not: needs the .NET SDK',
    'test/e2e/integrators-docs.spec.ts',
  ],
  'docs/models.md': ['test/e2e/models-docs.spec.ts'],
  'docs/operators.md': [
    'not: needs pg_dump of the server’s version; the PostgreSQL of the tests comes without it',
    'not: needs pg_restore of the server’s version',
  ],
};

const documents = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
);
const textOf = (document: string): string => readFileSync(join(ROOT, document), 'utf8');
const blocksOf = (document: string): string[] =>
  [...textOf(document).matchAll(new RegExp(`^\`\`\`(?:${LANGUAGES})\\b.*\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code!,
  );

describe('commands in README.md and docs [R-61]', () => {
  it('are each run by a test, or it is said why not', () => {
    const counted = documents.map((name) => [name, blocksOf(name).length] as const).filter(([, n]) => n > 0);
    const listed = Object.entries(RUN).map(([name, runs]) => [name, runs.length] as const);
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(listed));
    for (const [document, runs] of Object.entries(RUN))
      for (const run of runs.filter((each) => each.startsWith('test/')))
        expect(readFileSync(join(ROOT, run), 'utf8')).toContain(document);
    for (const [document, runs] of Object.entries(RUN))
      for (const run of runs.filter((each) => each.startsWith('not: ')))
        process.stderr.write(`${document}: a block is not run, ${run.slice(5)}\n`);
  });

  it('name scripts and programs that are there', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    const named = documents.map(textOf).join('\n');
    const runs = [...named.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map(([, script]) => script!);
    const files = [...named.matchAll(/\bnode ((?:dist|bench|tools)\/[\w./-]+\.m?js)/g)].map(
      ([, file]) => file!,
    );
    expect(runs.length).toBeGreaterThan(5);
    expect(files.length).toBeGreaterThan(5);
    expect(runs.filter((script) => scripts[script] === undefined)).toEqual([]);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) process.stderr.write('README.md, docs/idempotency.md: skipped, curl is not installed\n');

async function bash(script: string, cwd: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
  });
  return stdout;
}

(hasCurl ? describe : describe.skip)('README.md [R-61]', () => {
  let server: ChildProcess;
  afterAll(async () => {
    const exited = once(server, 'exit');
    process.kill(-server.pid!, 'SIGTERM');
    await exited;
  });

  it('npm start prints a request that, pasted, gives the answer shown', async () => {
    expect(blocksOf('README.md')[0]).toBe('npm ci && npm start\n');
    const env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: '0',
      DATA_DIR: temporaryDirectory(),
    };
    server = spawn('npm', ['start'], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let request: string | undefined;
    for await (const line of createInterface({ input: server.stdout! })) {
      if (!line.startsWith('curl ')) continue;
      request = line;
      break;
    }
    const answer = JSON.parse(await bash(request!, ROOT)) as { outputs: { probabilities: number[][] } };
    expect(answer).toMatchObject({
      inference_id: expect.any(String),
      prediction: { label: 'bright spot' },
      validation: { is_valid: true },
    });
    const [, shown] = /"outputs":(\{.*?\})/.exec(textOf('README.md'))!;
    const rounded = answer.outputs.probabilities.map((row) => row.map((p) => Math.round(p * 100) / 100));
    expect(JSON.parse(shown!)).toEqual({ probabilities: rounded });
  });
});

(hasCurl ? describe : describe.skip)('docs/idempotency.md [R-61]', () => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp();
  });
  afterAll(() => running.stop());

  it('its request, sent twice, is worked on once', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'image.png'), SAMPLE);
    const env = { URL: running.url, TOKEN: await running.token('clinician') };
    const answers = [];
    for (let times = 0; times < 2; times++)
      answers.push(JSON.parse(await bash(blocksOf('docs/idempotency.md')[0]!, folder, env)));
    expect(answers[0]).toMatchObject({ status: 'completed' });
    expect(answers[1]).toEqual(answers[0]);
  });
});
