import type { DataSource } from 'typeorm';

/** The statements that TypeORM would run to make the schema fit the entities; none when they agree. */
export async function schemaDrift(dataSource: DataSource): Promise<string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}
