import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditTrail } from '../../src/audit/audit-trail.service';
import { CheckpointKeys } from '../../src/audit/checkpoint/checkpoint-keys';
import { CheckpointPublisher } from '../../src/audit/checkpoint/checkpoint-publisher';
import { Checkpointer } from '../../src/audit/checkpoint/checkpointer.service';
import { loadConfiguration } from '../../src/config/configuration';
import { dataSourceOptions } from '../../src/database/data-source-options';
import { createTestDatabase, type TestDatabase } from '../harness/database';
import { Sequencers } from '../harness/sequencers';
import { temporaryDirectory } from '../harness/temporary-directory';

Logger.overrideLogger(false);
jest.setTimeout(60_000);

const WRITERS = 8;

let database: TestDatabase;
let sequencers: Sequencers;

beforeAll(async () => {
  database = await createTestDatabase();
  sequencers = new Sequencers(database.urls.sequencer);
});
afterAll(async () => {
  await sequencers.end();
  await database.drop();
});

const hash = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** RFC 6962 section 2.1, word for word. */
function root(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return hash(Buffer.of(1), root(leaves.slice(0, k)), root(leaves.slice(k)));
}

/** Business row and entry in one transaction, again and again; one in ten lingers, so that ids commit out of order. */
async function write(until: { over: boolean }): Promise<void> {
  const client = new Client({ connectionString: database.urls.application });
  await client.connect();
  for (let n = 0; !until.over; n++) {
    const id = uuidv7();
    const entry = {
      event_id: id,
      occurred_at: new Date().toISOString(),
      action: 'result.read',
      outcome: 'success',
    };
    await client.query('BEGIN');
    await client.query('INSERT INTO business (id) VALUES ($1)', [id]);
    await client.query('INSERT INTO audit_inbox (event_id, canonical) VALUES ($1, $2)', [
      id,
      JSON.stringify(entry),
    ]);
    if (n % 10 === 0) await sleep(20);
    await client.query(n % 50 === 7 ? 'ROLLBACK' : 'COMMIT');
  }
  await client.end();
}

it('three sequencers, writers at full speed, the leader killed, stopped and cut off: nothing is lost, doubled or forked [R-10]', async () => {
  const admin = new Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(
    'CREATE TABLE business (id uuid PRIMARY KEY); GRANT INSERT ON business TO medai_application',
  );
  const configuration = loadConfiguration({ DATA_DIR: temporaryDirectory() });
  const dataSource = await new DataSource(
    dataSourceOptions(configuration.database, database.urls.sequencer, []),
  ).initialize();
  const keys = new CheckpointKeys(configuration.secrets, configuration.checkpoints);
  const publisher = new CheckpointPublisher(dataSource, configuration.checkpoints);
  const trail = new AuditTrail(dataSource);
  const checkpointer = new Checkpointer(dataSource, configuration.checkpoints, keys, publisher, trail);

  for (let n = 0; n < 3; n++) sequencers.start();
  await sequencers.leader(1);
  const until = { over: false };
  const writers = Array.from({ length: WRITERS }, () => write(until));

  for (const fault of ['kill', 'cut off', 'stop', 'kill', 'stop', 'cut off']) {
    await sleep(300);
    const leader = await sequencers.leader(sequencers.reigns);
    const reign = sequencers.reigns + 1;
    if (fault === 'cut off') {
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7202612
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
    } else leader.kill(fault === 'kill' ? 'SIGKILL' : 'SIGSTOP');
    if (fault === 'kill') sequencers.start();
    await sequencers.leader(reign);
    leader.kill('SIGCONT'); // it wakes up and believes that it still leads
    await checkpointer.round();
  }
  until.over = true;
  await Promise.all(writers);
  const waiting = async (): Promise<boolean> =>
    (await admin.query<{ waits: boolean }>('SELECT EXISTS (SELECT FROM audit_inbox) AS waits')).rows[0]!
      .waits;
  while (await waiting()) await sleep(50);
  await checkpointer.round();
  expect(checkpointer.state.problem).toBeNull();
  await dataSource.destroy();

  const { rows: business } = await admin.query<{ id: string }>('SELECT id FROM business ORDER BY id');
  const { rows: entries } = await admin.query<{
    seq: string;
    canonical: string;
    entry_hash: Buffer;
    previous_hash: Buffer;
  }>('SELECT seq, canonical, entry_hash, previous_hash FROM audit_logs ORDER BY audit_logs.seq');
  const { rows: notes } = await admin.query<{ note: string }>(
    'SELECT note FROM audit_checkpoints ORDER BY size',
  );
  await admin.end();

  expect(business.length).toBeGreaterThan(1_000);
  const events = entries.map(({ canonical }) => (JSON.parse(canonical) as { event_id: string }).event_id);
  expect(events.toSorted()).toEqual(business.map(({ id }) => id));

  let previous = hash(Buffer.from('medai-flow audit log v1\n'));
  const leaves: Buffer[] = [];
  const broken = entries.filter((entry, index) => {
    const position = Buffer.alloc(8);
    position.writeBigUInt64BE(BigInt(index + 1));
    const leaf = hash(Buffer.of(0), Buffer.from(entry.canonical));
    const expected = hash(Buffer.of(2), position, previous, leaf);
    const holds =
      entry.seq === String(index + 1) &&
      entry.previous_hash.equals(previous) &&
      entry.entry_hash.equals(expected);
    leaves.push(leaf);
    previous = expected;
    return !holds;
  });
  expect(broken).toEqual([]);

  expect(notes.length).toBeGreaterThanOrEqual(6);
  for (const { note } of notes) {
    const [, size, signedRoot] = note.split('\n');
    expect([size, root(leaves.slice(0, Number(size))).toString('base64')]).toEqual([size, signedRoot]);
  }
  expect(sequencers.reigns).toBeGreaterThanOrEqual(7);
});
