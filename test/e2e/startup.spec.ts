import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { createTestDatabase, type TestDatabase } from '../harness/database';
import { temporaryDirectory } from '../harness/temporary-directory';

interface Failure {
  readonly code: number | null;
  readonly log: string;
  readonly told: string;
}

async function failedStart(variables: Record<string, string>): Promise<Failure> {
  const env = { PATH: process.env['PATH'], DEMO: 'off', ENGINE_PROCESSES: '1', ...variables };
  const child = spawn(process.execPath, ['dist/main.js'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { log: '', told: '' };
  child.stdout.on('data', (chunk: Buffer) => (written.log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (written.told += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...written };
}

describe('a start that cannot go on [R-16]', () => {
  let database: TestDatabase;
  let occupied: Server;
  let port: number;
  beforeAll(async () => {
    database = await createTestDatabase();
    occupied = createServer().listen(0, '127.0.0.1');
    await once(occupied, 'listening');
    port = (occupied.address() as { port: number }).port;
  });
  afterAll(async () => {
    occupied.close();
    await database.drop();
  });

  it.each(['PORT', 'METRICS_PORT'])(
    'names %s and the address when somebody else listens there',
    async (name) => {
      const variables = { DATABASE_URL: database.url, DATA_DIR: temporaryDirectory(), PORT: '0' };
      const { code, told } = await failedStart({ ...variables, [name]: String(port) });
      expect(told).toBe(`${name}: cannot listen on 127.0.0.1:${port} (address already in use)\n`);
      expect(code).toBe(1);
    },
  );

  it('names DATA_DIR and what is wrong with it, and ends', async () => {
    const { code, told } = await failedStart({ DATA_DIR: __filename });
    expect(told).toMatch(/^Configuration is not valid:\n {2}DATA_DIR: expected a directory .*\n$/);
    expect(code).toBe(1);
  });

  it('warns of a variable that is nearly a known one, by its name alone', async () => {
    const variables = { DATABASE_URL: database.url, DATA_DIR: temporaryDirectory(), PORT: String(port) };
    const { log } = await failedStart({ ...variables, ACESS_TOKEN_SECONDS: '4711' });
    const warning = log.split('\n').find((line) => line.includes('ACESS_TOKEN_SECONDS'));
    expect(JSON.parse(warning!)).toMatchObject({
      level: 'warn',
      event: 'config.variable_unknown',
      variable: 'ACESS_TOKEN_SECONDS',
      resembles: 'ACCESS_TOKEN_SECONDS',
    });
    expect(log).not.toContain('4711');
  });
});
