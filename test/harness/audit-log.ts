import { generateKeyPairSync } from 'node:crypto';
import { DataSource } from 'typeorm';
import { entryHash } from '../../src/audit/audit-chain';
import { type AuditEntry, canonicalText } from '../../src/audit/audit-entry';
import { headSeq, positionAt } from '../../src/audit/verification/chained-rows';
import { loadConfiguration } from '../../src/config/configuration';
import { dataSourceOptions } from '../../src/database/data-source-options';
import type { DatabaseUrls } from '../../src/database/database-urls';
import { ENTITIES } from '../../src/entities';
import { createTestDatabase } from './database';
import { temporaryDirectory } from './temporary-directory';

const DATA_DIR = temporaryDirectory();

export interface AuditDatabase {
  readonly dataSource: DataSource;
  readonly urls: DatabaseUrls;
  /** Chains `count` entries as the sequencer would, with fixed contents. */
  append(count: number): Promise<void>;
  /** Runs statements as an administrator who has disabled the triggers. */
  tamper(...statements: string[]): Promise<void>;
  drop(): Promise<void>;
}

/** A migrated database of its own with a connection; no application. */
export async function createAuditDatabase(): Promise<AuditDatabase> {
  const database = await createTestDatabase();
  const configuration = loadConfiguration({ DATA_DIR });
  const dataSource = await new DataSource(
    dataSourceOptions(configuration.database, database.url, ENTITIES),
  ).initialize();
  return {
    dataSource,
    urls: database.urls,
    append: (count) => appendEntries(dataSource, count),
    tamper: (...statements) => tamper(dataSource, statements),
    async drop() {
      await dataSource.destroy();
      await database.drop();
    },
  };
}

export const ed25519Pem = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

const APPEND_ONLY = [
  'audit_logs',
  'audit_checkpoints',
  'audit_tiles',
  'audit_publications',
  'audit_archives',
  'audit_archived_entries',
];

/** What nobody but an administrator of the database can do, and what no trigger stops. */
export async function tamper(dataSource: DataSource, statements: readonly string[]): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    for (const table of APPEND_ONLY) await runner.query(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
    for (const statement of statements) await runner.query(statement);
    for (const table of APPEND_ONLY) {
      await runner.query(`ALTER TABLE ${table} ENABLE TRIGGER ALL`);
      await runner.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ${table}_append_only`);
    }
  } finally {
    await runner.release();
  }
}

/** Writes the chain anew from entry `seq` on, as somebody would who hides a change: it hangs together afterwards. */
export async function rechain(dataSource: DataSource, seq: number): Promise<void> {
  const statements: string[] = [];
  let { hash } = (await positionAt(dataSource.manager, seq - 1))!;
  const rows = await dataSource.query<{ seq: string; canonical: string }[]>(
    'SELECT seq, canonical FROM audit_logs WHERE seq >= $1 ORDER BY audit_logs.seq',
    [seq],
  );
  for (const row of rows) {
    const previous = hash;
    hash = entryHash(BigInt(row.seq), previous, row.canonical);
    statements.push(
      `UPDATE audit_logs SET previous_hash = '\\x${previous.toString('hex')}', entry_hash = '\\x${hash.toString('hex')}'
       WHERE seq = ${row.seq}`,
    );
  }
  await tamper(dataSource, statements);
}

/** @param padding characters that are added to each entry */
export async function appendEntries(dataSource: DataSource, count: number, padding = 0): Promise<void> {
  const start = await headSeq(dataSource.manager);
  let { hash } = (await positionAt(dataSource.manager, start))!;
  const columns: [number[], string[], Buffer[], Buffer[]] = [[], [], [], []];
  for (let seq = start + 1; seq <= start + count; seq++) {
    const canonical = canonicalText(entryOf(seq, padding));
    const previous = hash;
    hash = entryHash(BigInt(seq), previous, canonical);
    for (const [i, value] of [seq, canonical, hash, previous].entries())
      (columns[i] as unknown[]).push(value);
  }
  await dataSource.query(
    `INSERT INTO audit_logs (seq, canonical, entry_hash, previous_hash)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[])`,
    columns,
  );
}

function entryOf(seq: number, padding: number): AuditEntry {
  const time = Date.UTC(2026, 10, 24, 8) + seq * 10;
  const id = `${time.toString(16).padStart(12, '0')}-7000-8000-${seq.toString(16).padStart(12, '0')}`;
  return {
    event_id: `${id.slice(0, 8)}-${id.slice(8)}`,
    occurred_at: new Date(time).toISOString(),
    actor_id: null,
    actor_role: 'clinician',
    action: 'result.read',
    object_type: 'inference_result',
    object_id: null,
    outcome: 'success',
    reason: null,
    request_id: `request-${seq}${'-'.repeat(padding)}`,
    ip: '192.0.2.7',
    user_agent: 'curl/8.5.0',
    details: { count: seq },
  };
}
