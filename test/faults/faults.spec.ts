import { AUDIT_FAULTS } from './audit.faults';
import { VICTIM } from './accounts';
import { check, NOTHING } from './checker';
import { ENGINE_FAULTS } from './engine.faults';
import { isPossible, whyNot } from './fault';
import { Workload } from './history';
import { Installation } from './installation';
import { POSTGRES_FAULTS } from './postgres.faults';
import { PROCESS_FAULTS } from './process.faults';
import { REDIS_FAULTS } from './redis.faults';
import { type Operation, type Outcome, resolve } from './requests';

jest.setTimeout(120_000);

const all = process.env['FAULTS'] === 'all';
const FAULTS = [...POSTGRES_FAULTS, ...REDIS_FAULTS, ...AUDIT_FAULTS, ...ENGINE_FAULTS, ...PROCESS_FAULTS];
const wanted = FAULTS.filter(({ always }) => all || always === true);
const chosen = wanted.filter(isPossible);

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
  for (const fault of wanted) if (!isPossible(fault)) process.stdout.write(`${whyNot(fault)}\n`);
  installation = await Installation.start(chosen.some(({ needs }) => needs === 'redis'));
});
afterAll(async () => {
  await installation.stop();
  process.stdout.write(`\n${table(lines)}\n`);
  if (!all) process.stdout.write(`${FAULTS.length - wanted.length} more faults: npm run test:faults\n`);
});

describe('faults under load [R-30] [R-08] [R-35] [R-39] [R-49] [R-51]', () => {
  it.each(chosen.map((fault) => [fault.name, fault] as const))('%s', async (name, fault) => {
    const at = installation;
    const { server } = at;
    const guessed = await at.wrongPasswords();
    const revoked = await loggedOut(at);
    const workload = new Workload(at.caller);
    await workload.nextOk(0);
    await fault.inject(at, workload);
    const mended = performance.now();
    expect(await statusOf(at, revoked)).toBe(401);
    const next = await workload.nextOk(mended);
    await workload.nextOk(next.answeredAt + 500);
    await workload.stop();
    await at.untilReady();

    const { operations } = workload;
    const resolved = await resolve(operations.filter(({ outcome }) => outcome === 'unknown'));
    const verified = server === at.server ? (await at.wrongPasswords()) - guessed : 0;
    const findings = await check(at, workload, [...operations, ...resolved], verified);
    lines.push(lineOf(name, operations, findings, next.answeredAt - mended));

    expect(findings).toEqual(NOTHING);
    const unanswered = workload.live.filter((status) => status !== 200).length;
    expect(fault.serverDies === true || unanswered === 0).toBe(true);
    expect(at.server.ended).toBe(false);
    await forgetGuesses(at);
    await untilBaseline(at);
  });
});

/** An access token that was revoked before the fault. */
async function loggedOut(at: Installation): Promise<string> {
  const token = await at.login('clinician');
  expect((await at.wire.send('POST', '/auth/logout', token)).status).toBe(200);
  return token;
}

/** 503 and no answer are no verdict on the token: asked again. */
async function statusOf({ wire }: Installation, token: string): Promise<number> {
  for (;;) {
    const { status = 503 } = await wire.send('GET', '/auth/me', token);
    if (status !== 503) return status;
  }
}

async function forgetGuesses(at: Installation): Promise<void> {
  await at.query(
    `UPDATE users SET failed_login_attempts = 0, locked_until = NULL, last_login_attempt_at = NULL WHERE username = '${VICTIM}'`,
  );
}

/** Everything is healthy again but the machine, which is busy; nothing waits, and the pool is not held. */
async function untilBaseline(at: Installation): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { engine, database, audit, redis } = await at.components();
    const healthy = [engine, database, audit, redis].every((component) => component?.status === 'healthy');
    const pool = database?.['pool'] as { waiting: number } | undefined;
    if (healthy && engine!['queued'] === 0 && engine!['busy'] === 0 && pool?.waiting === 0) return;
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
  const count = (outcome: Outcome): number =>
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
