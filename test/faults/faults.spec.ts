import { rmSync } from 'node:fs';
import { AUDIT_FAULTS } from './audit.faults';
import { CANARY } from '../harness/canaries';
import { THRESHOLD, VICTIM } from './accounts';
import { check, NOTHING } from './checker';
import { ENGINE_FAULTS } from './engine.faults';
import { isPossible, whyNot } from './fault';
import { type Footprint, grown } from './footprint';
import { Workload } from './history';
import { Installation } from './installation';
import { POSTGRES_FAULTS } from './postgres.faults';
import { PROCESS_FAULTS } from './process.faults';
import { REDIS_FAULTS } from './redis.faults';
import { type Operation, type Outcome, repeat, resolve } from './requests';

jest.setTimeout(120_000);

const all = process.env['FAULTS'] === 'all';
const FAULTS = [...POSTGRES_FAULTS, ...REDIS_FAULTS, ...AUDIT_FAULTS, ...ENGINE_FAULTS, ...PROCESS_FAULTS];
const wanted = FAULTS.filter(({ always }) => all || always === true);
const chosen = wanted.filter(isPossible);

/** A line of the table that is printed as it comes. */
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

const HEAD =
  '| fault | clients saw, beside answers | ok | failed | unknown | lost | duplicated | recovered after |';

let installation: Installation;
/** Of the server after its first requests. */
let usual: Footprint;
/** Requests sent once more after each fault. */
const REPEATED = 12;

beforeAll(async () => {
  for (const fault of wanted) if (!isPossible(fault)) process.stdout.write(`${whyNot(fault)}\n`);
  installation = await Installation.start(chosen.some(({ needs }) => needs === 'redis'));
  usual = await footprintAtWork(installation);
  process.stdout.write(`\n${HEAD}\n${HEAD.replaceAll(/[^|]+/g, ' --- ')}\n`);
});
afterAll(async () => {
  await installation.stop();
  if (!all) process.stdout.write(`${FAULTS.length - wanted.length} more faults: npm run test:faults\n`);
});

describe('faults under load [R-30] [R-08] [R-35] [R-39] [R-49] [R-51]', () => {
  it.each(chosen.map((fault) => [fault.name, fault] as const))('%s', async (name, fault) => {
    const at = installation;
    const { server } = at;
    await forgetGuesses(at);
    const guessed = await at.wrongPasswords();
    const revoked = await loggedOut(at);
    const workload = new Workload(at.caller);
    let mended: number;
    let next: Operation;
    try {
      await workload.nextOk(0);
      await fault.inject(at, workload);
      mended = performance.now();
      expect(await statusOf(at, revoked)).toBe(401);
      next = await workload.nextOk(mended);
      await workload.nextOk(next.answeredAt + 500);
    } finally {
      await workload.stop();
    }
    await at.untilReady();

    const { operations } = workload;
    const resolved = await resolve(operations.filter(({ outcome }) => outcome === 'unknown'));
    const repeated = await repeat(operations, REPEATED);
    const verified = server === at.server ? (await at.wrongPasswords()) - guessed : 0;
    const findings = await check(at, workload, [...operations, ...resolved, ...repeated], verified);
    print(lineOf(name, operations, findings, next.answeredAt - mended));

    expect(findings).toEqual(NOTHING);
    const unanswered = workload.live.filter((status) => status !== 200).length;
    expect(fault.serverDies === true || unanswered === 0).toBe(true);
    expect(at.server.ended).toBe(false);
    await untilBaseline(at);
  });

  it('what is broken behind the back of the server is found; the installation is of no use afterwards', async () => {
    const at = installation;
    await forgetGuesses(at);
    const workload = new Workload(at.caller);
    const first = await workload.nextOk(0);
    const second = await workload.nextOk(first.answeredAt);
    await workload.stop();
    await at.query(`BEGIN; SET LOCAL session_replication_role = replica;
      ALTER TABLE audit_logs DISABLE TRIGGER ALL;
      ALTER TABLE inference_results DISABLE TRIGGER ALL;
      DELETE FROM inference_results WHERE id = '${first.inferenceId}';
      UPDATE inference_results SET model_file_hash = repeat('0', 64) WHERE id = '${second.inferenceId}';
      UPDATE users SET full_name = '${CANARY.name}' WHERE username = '${VICTIM}';
      DELETE FROM audit_logs WHERE seq = 2;
      COMMIT`);
    rmSync(at.modelFile(await at.modelHash()));
    const found = await check(at, workload, workload.operations, THRESHOLD + 1);
    expect(found).toMatchObject({ lost: 1, unaudited: 1, foreign: 1, damaged: 1, guessed: 1 });
    expect(found.leaks).toEqual([expect.stringContaining(CANARY.name)]);
    expect(found.chain).not.toBeNull();
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

async function footprintAtWork(at: Installation): Promise<Footprint> {
  const workload = new Workload(at.caller);
  const first = await workload.nextOk(0);
  await workload.nextOk(first.answeredAt + 2_000);
  await workload.stop();
  return at.footprint();
}

/** Everything is healthy again but the machine, which is busy; nothing waits, the pool is not held, nothing is left open. */
async function untilBaseline(at: Installation): Promise<void> {
  let left: string[] = [];
  for (let tries = 0; tries < 300; tries++) {
    const { engine, database, audit, redis } = await at.components();
    const healthy = [engine, database, audit, redis].every((component) => component?.status === 'healthy');
    const pool = database?.['pool'] as { waiting: number } | undefined;
    left = grown(usual, at.footprint());
    const idle = engine?.['queued'] === 0 && engine['busy'] === 0 && pool?.waiting === 0;
    if (healthy && idle && left.length === 0) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`The installation did not come back to where it was within 30 s: ${left.join(', ')}`);
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

function print(line: Line): void {
  process.stdout.write(`| ${Object.values(line).join(' | ')} |\n`);
}
