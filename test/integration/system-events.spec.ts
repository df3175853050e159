import { AuditTrail } from '../../src/audit/audit-trail.service';
import { SystemEvents } from '../../src/audit/system/system-events.service';
import { loadConfiguration } from '../../src/config/configuration';
import { type AuditDatabase, createAuditDatabase } from '../harness/audit-log';
import { temporaryDirectory } from '../harness/temporary-directory';

const DATA_DIR = temporaryDirectory();

let database: AuditDatabase;
beforeAll(async () => {
  database = await createAuditDatabase();
});
afterAll(() => database.drop());

const replica = (variables: Record<string, string> = {}): SystemEvents => {
  const { settings } = loadConfiguration({ DATA_DIR, ...variables });
  return new SystemEvents(database.dataSource, new AuditTrail(database.dataSource), settings);
};

/** Actions of the entries that wait, and of the changes among them the old and new hash. */
async function entries(): Promise<{ actions: string[]; changes: { old: string | null; new: string }[] }> {
  const rows = await database.dataSource.query<{ canonical: string }[]>(
    'SELECT canonical FROM audit_inbox ORDER BY id',
  );
  const all = rows.map(({ canonical }) => JSON.parse(canonical));
  return {
    actions: all.map(({ action }) => action.replace('system.', '')),
    changes: all.flatMap(({ details }) => (details.changes ? [details.changes.configuration_hash] : [])),
  };
}

describe('start, stop and settings in the trail [R-09] [R-55] [R-57]', () => {
  it('settings are recorded when they differ from the last, by replicas that start together once', async () => {
    await Promise.all([replica(), replica(), replica()].map((events) => events.onApplicationBootstrap()));
    expect((await entries()).actions.toSorted()).toEqual([
      'configuration_changed',
      'started',
      'started',
      'started',
    ]);
    const changed = replica({ LOCKOUT_THRESHOLD: '3' });
    await changed.onApplicationBootstrap();
    await changed.onModuleDestroy();
    const { actions, changes } = await entries();
    expect(actions.slice(4)).toEqual(['configuration_changed', 'started', 'stopped']);
    expect(changes).toEqual([
      { old: null, new: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { old: changes[0]!.new, new: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  it('a server whose start cannot be recorded does not start; one whose stop cannot be still stops', async () => {
    await database.dataSource.query('ALTER TABLE audit_inbox RENAME TO audit_inbox_away');
    await expect(replica().onApplicationBootstrap()).rejects.toThrow('audit_inbox');
    await replica().onModuleDestroy();
    await database.dataSource.query('ALTER TABLE audit_inbox_away RENAME TO audit_inbox');
  });
});
