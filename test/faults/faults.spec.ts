import { redisFound } from '../harness/redis-server';
import { check } from './checker';
import { type Operation, resolve, Workload } from './history';
import { FAULTS } from './injections';
import { Installation } from './installation';

jest.setTimeout(120_000);

const CLIENTS = 3;
const all = process.env['FAULTS'] === 'all';
const chosen = FAULTS.filter(({ always, needsRedis }) => (all || always) && (redisFound || !needsRedis));

/** A line of the table that is printed at the end. */
interface Line {
  readonly fault: string;
  readonly saw: string;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly recoveredAfter: string;
}

const lines: Line[] = [];
let installation: Installation;

beforeAll(async () => {
  installation = await Installation.start(all && redisFound);
});
afterAll(async () => {
  await installation.stop();
  process.stdout.write(`\n${table(lines)}\n`);
  if (!all) process.stdout.write(`${FAULTS.length - chosen.length} more faults: npm run test:faults\n`);
});

describe('faults under load [R-30]', () => {
  it.each(chosen.map((fault) => [fault.name, fault] as const))('%s', async (name, fault) => {
    const revoked = await loggedOut(installation);
    const { caller } = installation;
    const workload = new Workload(caller, CLIENTS);
    await workload.nextOk(0);
    const began = performance.now();
    await fault.inject(installation);
    const mended = performance.now();
    expect(await statusOf(installation, revoked)).toBe(401);
    const next = await workload.nextOk(Math.max(mended, began));
    await workload.nextOk(next.answeredAt + 500);
    await workload.stop();
    await installation.untilReady();

    const { operations } = workload;
    const unknown = operations.filter(({ outcome }) => outcome === 'unknown');
    const resolved = await resolve(caller, unknown);
    const findings = await check(installation, [...operations, ...resolved]);
    lines.push(lineOf(name, operations, findings, next.answeredAt - mended));

    expect(findings).toEqual({
      lost: 0,
      duplicated: 0,
      resurrected: 0,
      unaudited: 0,
      foreign: 0,
      chain: { valid: true, problem: null },
    });
    expect(operations.filter(({ saw }) => saw.startsWith('500'))).toEqual([]);
    const unanswered = workload.live.filter((status) => status !== 200).length;
    expect(fault.serverDies === true || unanswered === 0).toBe(true);
    expect(installation.server.ended).toBe(false);
    await expectBaseline(installation);
  });
});

/** An access token that was revoked before the fault. */
async function loggedOut(at: Installation): Promise<string> {
  const token = await at.login('clinician');
  const headers = { Authorization: `Bearer ${token}` };
  const { status } = await fetch(`${at.url}/auth/logout`, { method: 'POST', headers });
  expect(status).toBe(200);
  return token;
}

/** 503 is no verdict on the token: asked again. */
async function statusOf(at: Installation, token: string): Promise<number> {
  for (;;) {
    const { status } = await fetch(`${at.url}/auth/me`, { headers: { Authorization: `Bearer ${token}` } });
    if (status !== 503) return status;
  }
}

/** All engine processes are back, nothing waits, and the pool is not held. */
async function expectBaseline(at: Installation): Promise<void> {
  interface Report {
    readonly components: {
      readonly engine: { status: string; queued: number; busy: number };
      readonly database: { status: string; pool: { waiting: number; total: number; max: number } };
    };
  }
  for (let tries = 0; tries < 300; tries++) {
    const { status, body } = await at.get('admin', '/health');
    if (status === 200) {
      const { engine, database } = (body as Report).components;
      const calm = engine.queued === 0 && engine.busy === 0 && database.pool.waiting === 0;
      if (calm && engine.status === 'healthy' && database.status === 'healthy') return;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('The installation did not come back to where it was within 30 s');
}

function lineOf(
  fault: string,
  operations: readonly Operation[],
  { lost, duplicated }: { lost: number; duplicated: number },
  recoveryMs: number,
): Line {
  const count = (outcome: Operation['outcome']): number =>
    operations.filter((operation) => operation.outcome === outcome).length;
  const saw = [...new Set(operations.map((operation) => operation.saw))].filter((text) => text !== '200');
  return {
    fault,
    saw: saw.toSorted().join(', ') || 'nothing',
    ok: count('ok'),
    failed: count('failed'),
    unknown: count('unknown'),
    lost,
    duplicated,
    recoveredAfter: `${(recoveryMs / 1000).toFixed(1)} s`,
  };
}

function table(rows: readonly Line[]): string {
  const head =
    '| fault | clients saw, beside answers | ok | failed | unknown | lost | duplicated | recovered after |';
  return [
    head,
    head.replaceAll(/[^|]+/g, ' --- '),
    ...rows.map((row) => `| ${Object.values(row).join(' | ')} |`),
  ].join('\n');
}
