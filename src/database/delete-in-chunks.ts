import type { DataSource } from 'typeorm';

const CHUNK = 5_000;

/** Deletes the rows that meet `condition`, so many at a time that no transaction is long. */
export async function deleteInChunks(
  dataSource: DataSource,
  table: string,
  condition: string,
): Promise<void> {
  let deleted: number;
  do {
    [, deleted] = await dataSource.query<[unknown[], number]>(
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${CHUNK}))`,
    );
  } while (deleted === CHUNK);
}
