import { once } from 'node:events';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { createApp } from '../../src/app.setup';
import { AuditTrail } from '../../src/audit/audit-trail.service';
import { loadConfiguration } from '../../src/config/configuration';
import { Pseudonyms } from '../../src/results/pseudonyms';
import { Rekeying } from '../../src/results/rekeying/rekeying.service';
import { Client } from '../harness/client';
import { insertResultRows } from '../harness/result-rows';
import { type RunningApp, SAMPLE, startApp } from '../harness/running-app';
import { ServerProcess } from '../harness/server-process';

jest.setTimeout(120_000);

const [BEFORE, AFTER] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];
const PATIENT = 'MRN-CANARY-4711';
const { signal } = new AbortController();

/** A replica with the key there was, and one with the new key. Both stay to the end. */
let running: RunningApp;
let renewed: NestExpressApplication;
let old: Client;
let current: Client;
let clinician: string;
let modelId: string;
let userId: string;

beforeAll(async () => {
  running = await startApp({ PSEUDONYM_KEY: BEFORE, RETENTION_SWEEP_SECONDS: '0', RATE_LIMIT: 'off' });
  renewed = await replica({ PSEUDONYM_KEY: AFTER, PSEUDONYM_KEYS_PREVIOUS: BEFORE });
  await renewed.listen(0, '127.0.0.1');
  [old, current] = [new Client(running.url), new Client(await renewed.getUrl())];
  clinician = await running.token('clinician');
  [{ id: modelId }] = await query<[{ id: string }]>('SELECT id FROM model_versions');
  [{ id: userId }] = await query<[{ id: string }]>("SELECT id FROM users WHERE username = 'integration'");
});
afterAll(async () => {
  await renewed.close();
  await running.stop();
});

const query = <Rows>(sql: string, parameters: unknown[] = []): Promise<Rows> =>
  running.dataSource.query<Rows>(sql, parameters);

const replica = (keys: Record<string, string>): Promise<NestExpressApplication> =>
  createApp(
    loadConfiguration({
      DATA_DIR: running.dataDir,
      ENGINE_PROCESSES: '1',
      RETENTION_SWEEP_SECONDS: '0',
      RATE_LIMIT: 'off',
      ...keys,
    }),
    running.databaseUrls,
    false,
  );

async function infer(client: Client, patient_id = PATIENT): Promise<string> {
  const { body } = await client.post('/infer', clinician, { image: SAMPLE.toString('base64'), patient_id });
  return body.inference_id;
}

async function found(client: Client, patient = PATIENT): Promise<string[]> {
  const { body } = await client.get(`/results?page_size=100&patient_id=${patient}`, clinician);
  return (body.items as { inference_id: string }[]).map(({ inference_id }) => inference_id).toSorted();
}

const kidOf = (app: NestExpressApplication): string => app.get(Pseudonyms).currentKey.kid;

/** Results of a thousand patients under the old key. */
async function insertOld(count: number): Promise<void> {
  await insertResultRows(running.dataSource, {
    count,
    modelId,
    createdBy: userId,
    columns: {
      patient_id: `'${kidOf(running.app)}:' || rpad(translate(lpad((n % 1000)::text, 3, '0'), '0189', 'xyzw'), 32, 'a')`,
    },
  });
}

async function countByKid(): Promise<Record<string, number>> {
  const rows = await query<{ kid: string; count: number }[]>(
    `SELECT split_part(patient_id, ':', 1) AS kid, count(*)::int FROM inference_results WHERE patient_id IS NOT NULL GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ kid, count }) => [kid, count]));
}

async function rekeyedEntries(): Promise<{ count: number; key_id: string; previous_key_id: string }[]> {
  const rows = await query<{ details: { count: number; key_id: string; previous_key_id: string } }[]>(
    `SELECT canonical::jsonb -> 'details' AS details FROM
       (SELECT canonical FROM audit_inbox UNION ALL SELECT canonical FROM audit_logs) AS entries
     WHERE canonical::jsonb ->> 'action' = 'result.rekeyed'`,
  );
  return rows.map(({ details }) => details);
}

describe('a new pseudonym key [R-46]', () => {
  it('finds a patient under every key, and brings all of them under itself', async () => {
    const ids = [await infer(old), await infer(current), await infer(old)].toSorted();
    expect(await found(current)).toEqual(ids);
    await renewed.get(Rekeying).run(signal);
    expect(await found(current)).toEqual(ids);
    const rows = await query<{ patient_id: string }[]>(
      'SELECT DISTINCT patient_id FROM inference_results WHERE id = ANY ($1)',
      [ids],
    );
    expect(rows).toEqual([{ patient_id: renewed.get(Pseudonyms).of(PATIENT) }]);
    const { previousKeys, currentKey } = renewed.get(Pseudonyms);
    expect(await rekeyedEntries()).toEqual([
      { count: 2, key_id: currentKey.id, previous_key_id: previousKeys[0]!.id },
    ]);
  });

  it('renews while results come in under the old key and lists are walked: each is there once', async () => {
    await insertOld(1500);
    const before = (await rekeyedEntries()).reduce((sum, { count }) => sum + count, 0);
    const stop = new AbortController();
    const renewing = (async () => {
      while (!stop.signal.aborted) await renewed.get(Rekeying).run(signal);
    })();
    const inferred: string[] = [];
    const ids: string[] = [];
    const inferring = (async () => {
      for (let n = 0; n < 12; n++) inferred.push(await infer(n % 2 === 0 ? old : current, 'MRN-DURING'));
    })();
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await current.get(
        `/results?created_by=${userId}&page_size=100&cursor=${cursor}`,
        clinician,
      );
      ids.push(...(body.items as { inference_id: string }[]).map(({ inference_id }) => inference_id));
      cursor = body.next_cursor;
    }
    await inferring;
    expect(await found(current, 'MRN-DURING')).toEqual(inferred.toSorted());
    stop.abort();
    await renewing;
    await renewed.get(Rekeying).run(signal);
    expect([ids.length, new Set(ids).size]).toEqual([1500, 1500]);
    const counts = await countByKid();
    expect(Object.keys(counts)).toEqual([kidOf(renewed)]);
    const after = (await rekeyedEntries()).reduce((sum, { count }) => sum + count, 0);
    expect(after - before).toBe(1500 + 6);
  });

  it('two replicas at once renew each result once, to the same', async () => {
    await insertOld(1200);
    const before = (await rekeyedEntries()).reduce((sum, { count }) => sum + count, 0);
    const other = await new DataSource(running.dataSource.options).initialize();
    const second = new Rekeying(other, renewed.get(Pseudonyms), new AuditTrail(other));
    const oldKid = kidOf(running.app);
    while (((await countByKid())[oldKid] ?? 0) > 0)
      await Promise.all([renewed.get(Rekeying).run(signal), second.run(signal)]);
    await other.destroy();
    const after = (await rekeyedEntries()).reduce((sum, { count }) => sum + count, 0);
    expect(after - before).toBe(1200);
    const [row] = await query<[{ patients: number }]>(
      'SELECT count(DISTINCT patient_id)::int AS patients FROM inference_results WHERE created_by = $1',
      [userId],
    );
    expect(row.patients).toBe(1000);
  });

  it('is counted while it is under way', async () => {
    await insertOld(7);
    await renewed.get(Rekeying).measure();
    expect((await current.get('/metrics')).body).toMatch(/^medai_pseudonyms_outdated_results 7$/m);
    await renewed.get(Rekeying).run(signal);
    await renewed.get(Rekeying).measure();
    expect((await current.get('/metrics')).body).toMatch(/^medai_pseudonyms_outdated_results 0$/m);
  });

  it('without the one before, or with the old one alone, no server starts', async () => {
    for (const keys of [{ PSEUDONYM_KEY: AFTER }, { PSEUDONYM_KEY: BEFORE }]) {
      const server = startServer(keys);
      const [text] = (await once(server.child.stderr!, 'data')) as [Buffer];
      expect(text.toString()).toContain(`not configured (${kidOf(renewed)})`);
      expect(text.toString()).not.toContain(AFTER);
      await (server.child.exitCode ?? once(server.child, 'exit'));
      expect(server.child.exitCode).toBe(1);
    }
  });

  it('leaves the identifier nowhere', async () => {
    const [row] = await query<[{ hits: number }]>(
      `SELECT (SELECT count(*) FROM inference_results r WHERE r::text LIKE '%CANARY%')::int
         + (SELECT count(*) FROM audit_logs WHERE canonical LIKE '%CANARY%')::int
         + (SELECT count(*) FROM audit_inbox WHERE canonical LIKE '%CANARY%')::int AS hits`,
    );
    expect(row.hits).toBe(0);
  });
});

function startServer(keys: Record<string, string>): ServerProcess {
  return ServerProcess.spawn({
    DATABASE_URL: running.databaseUrls.application,
    DATABASE_SEQUENCER_URL: running.databaseUrls.sequencer,
    DATABASE_MIGRATION_URL: running.databaseUrls.migration,
    DATA_DIR: running.dataDir,
    ...keys,
  });
}
