import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.service';

/** Brings each change of signing keys into the audit trail, once for all replicas. */
@Injectable()
export class SigningKeyRecords {
  private readonly logger = new Logger('SigningKeys');

  constructor(
    private readonly dataSource: DataSource,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * @param current the key that signs
   * @param known all keys whose tokens count, the next one included: a replica that is behind retires no key of others
   */
  async record(current: string, known: readonly string[]): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const before = await newest(manager);
      const isNew = await insert(manager, current);
      if (isNew && before !== undefined) await this.write(manager, 'key.rotated', current, before);
      for (const kid of await retire(manager, known)) await this.write(manager, 'key.retired', kid);
    });
  }

  private async write(
    manager: EntityManager,
    action: 'key.rotated' | 'key.retired',
    kid: string,
    previous?: string,
  ): Promise<void> {
    await this.trail.record(manager, action, {
      objectType: 'signing_key',
      objectId: kid,
      actorRole: 'system',
      details: { key_id: kid, previous_key_id: previous },
    });
    this.logger.log({ event: action === 'key.rotated' ? 'signing_keys.rotated' : 'signing_keys.retired' });
  }
}

async function newest(manager: EntityManager): Promise<string | undefined> {
  const [row] = await manager.query<{ kid: string }[]>(
    'SELECT kid FROM signing_keys ORDER BY signs_since DESC LIMIT 1',
  );
  return row?.kid;
}

/** @returns false if it is known already; of two replicas at once the second waits for the first */
async function insert(manager: EntityManager, kid: string): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    `INSERT INTO signing_keys (kid) VALUES ($1)
     ON CONFLICT (kid) DO UPDATE SET signs_since = clock_timestamp(), retired_at = NULL
       WHERE signing_keys.retired_at IS NOT NULL
     RETURNING kid`,
    [kid],
  );
  return rows.length > 0;
}

async function retire(manager: EntityManager, known: readonly string[]): Promise<string[]> {
  const [rows] = await manager.query<[{ kid: string }[], number]>(
    'UPDATE signing_keys SET retired_at = now() WHERE retired_at IS NULL AND kid <> ALL ($1) RETURNING kid',
    [known],
  );
  return rows.map(({ kid }) => kid);
}
