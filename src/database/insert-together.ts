import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

/** Rows of one table: column names → values as JSON has them (a `Date` becomes its ISO 8601 text). At least one row. */
export interface Insertion {
  readonly table: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** A data source, or the manager of a transaction. */
interface Executor {
  query(sql: string, parameters: unknown[]): Promise<unknown>;
}

/** The entities as rows of their table. */
export function insertionOf<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  target: EntityTarget<Entity>,
  entities: readonly Entity[],
): Insertion {
  const { tableName, columns } = dataSource.getMetadata(target);
  const rowOf = (entity: Entity): Record<string, unknown> =>
    Object.fromEntries(columns.map(({ databaseName, propertyName }) => [databaseName, entity[propertyName]]));
  return { table: tableName, rows: entities.map(rowOf) };
}

/**
 * Inserts all rows of all tables, or none, in one statement: one round trip, however many rows there are.
 * Foreign keys between the rows hold, because PostgreSQL checks them when the statement ends.
 */
export async function insertTogether(executor: Executor, insertions: readonly Insertion[]): Promise<void> {
  const inserts = insertions.map(({ table, rows }, index) => {
    const columns = Object.keys(rows[0]!).join(', ');
    return `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $${index + 1})`;
  });
  const last = inserts.pop()!;
  const before = inserts.map((insert, index) => `i${index} AS (${insert})`).join(', ');
  await executor.query(
    before === '' ? last : `WITH ${before} ${last}`,
    insertions.map(({ rows }) => JSON.stringify(rows)),
  );
}
