import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { DatabaseUrls } from './database-urls';

const ROLES = join(__dirname, '../../docker/postgres/roles.sql');

/**
 * Makes the roles that are missing and gives the two restricted ones a new password each.
 * @param url of a superuser, who stays the owner of the schema
 */
export async function separateRoles(url: string): Promise<DatabaseUrls> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(readFileSync(ROLES, 'utf8'));
    const application = await logIn(client, url, 'medai_application');
    return new DatabaseUrls(application, await logIn(client, url, 'medai_sequencer'), url);
  } finally {
    await client.end();
  }
}

async function logIn(client: Client, url: string, role: string): Promise<string> {
  const password = randomBytes(24).toString('base64url');
  await client.query(`ALTER ROLE ${role} LOGIN PASSWORD '${password}'`);
  return Object.assign(new URL(url), { username: role, password }).href;
}
