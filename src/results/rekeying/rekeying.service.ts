import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';
import { StartupError } from '../../config/startup.error';
import { runInChunks } from '../../database/chunked-job';
import { type PseudonymKey, Pseudonyms } from '../pseudonyms';
import { resultsOutdated, resultsRekeyed } from './rekeying.metrics';

const LOCK = 7_202_621;
const MAX_ROWS = 500;

/** Brings stored pseudonyms under the current key. How far it is stands in the rows: any replica goes on from there. */
@Injectable()
export class Rekeying implements OnApplicationBootstrap {
  constructor(
    private readonly dataSource: DataSource,
    private readonly pseudonyms: Pseudonyms,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * With a key missing, patients would get second pseudonyms that nothing can ever join to their first.
   * @throws StartupError
   */
  async onApplicationBootstrap(): Promise<void> {
    const known = [...this.pseudonyms.previousKeys, this.pseudonyms.currentKey].map(({ kid }) => kid);
    const stored = await this.dataSource.query<{ kid: string }[]>(STORED_KIDS);
    const unknown = stored.map(({ kid }) => kid).filter((kid) => !known.includes(kid));
    if (unknown.length === 0) return;
    throw new StartupError(
      `Results are stored under pseudonym keys that are not configured (${unknown.join(', ')}). ` +
        'Set PSEUDONYM_KEY, and PSEUDONYM_KEYS_PREVIOUS to every key before it, the newest first: docs/retention.md',
    );
  }

  async run(signal: AbortSignal): Promise<void> {
    const { dataSource } = this;
    for (const key of this.pseudonyms.previousKeys)
      await runInChunks(dataSource, {
        lock: LOCK,
        signal,
        maxRows: MAX_ROWS,
        chunk: (manager, rows) => this.rekey(manager, key, rows),
      });
  }

  async measure(): Promise<void> {
    const [row] = await this.dataSource.query<[{ count: number }]>(
      `SELECT coalesce(sum(count), 0)::int AS count FROM unnest($1::text[]) AS kid CROSS JOIN LATERAL
         (SELECT count(*) FROM inference_results WHERE patient_id >= kid || ':' AND patient_id < kid || ';') AS counted`,
      [this.pseudonyms.previousKeys.map(({ kid }) => kid)],
    );
    resultsOutdated.set(row.count);
  }

  private async rekey(manager: EntityManager, key: PseudonymKey, limit: number): Promise<number> {
    const rows = await manager.query<{ id: string; patient_id: string }[]>(
      `SELECT id, patient_id FROM inference_results WHERE patient_id >= $1 AND patient_id < $2
       ORDER BY patient_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`,
      [`${key.kid}:`, `${key.kid};`, limit],
    );
    if (rows.length === 0) return 0;
    await manager.query(
      `UPDATE inference_results result SET patient_id = renewed.patient_id
       FROM unnest($1::uuid[], $2::text[]) AS renewed (id, patient_id) WHERE result.id = renewed.id`,
      [rows.map(({ id }) => id), rows.map(({ patient_id }) => this.pseudonyms.renewed(patient_id, key))],
    );
    const details = { count: rows.length, key_id: this.pseudonyms.currentKey.id, previous_key_id: key.id };
    await this.trail.record(manager, 'result.rekeyed', { objectType: 'inference_result', details });
    resultsRekeyed.inc(rows.length);
    return rows.length;
  }
}

/** From one key's pseudonyms to the next key's in the index, however many there are. */
const STORED_KIDS = `
  WITH RECURSIVE stored (kid) AS (
    SELECT split_part(min(patient_id), ':', 1) FROM inference_results WHERE patient_id IS NOT NULL
    UNION ALL
    SELECT (SELECT split_part(min(patient_id), ':', 1) FROM inference_results WHERE patient_id > kid || ';')
    FROM stored WHERE kid IS NOT NULL
  )
  SELECT kid FROM stored WHERE kid IS NOT NULL`;
