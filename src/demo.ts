import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { Users } from './auth/users/users.service';
import type { Role } from './http/principal';
import { ModelInstallation } from './inference/registration/model-installation.service';
import { readManifest } from './models/manifest-reading';
import { ModelRegistry } from './models/model-registry.service';

const DEMO_MODEL = join(__dirname, '../tools/demo-model');

interface DemoAccount {
  readonly role: Role;
  readonly username: string;
  readonly password: string;
}

export interface Demo {
  /** The clinician first. */
  readonly accounts: readonly DemoAccount[];
  /** Path of an image to try. */
  readonly image: string;
}

const ROLES: readonly Role[] = ['clinician', 'auditor'];

/** Makes the demo's accounts and puts its model into production, once; later starts find them. */
export async function installDemo(app: INestApplication, dataDir: string): Promise<Demo> {
  const accounts = await demoAccounts(join(dataDir, 'demo-accounts.json'));
  const users = app.get(Users);
  for (const { role, username, password } of accounts) {
    const full_name = `Demo ${role}`;
    await users.install(
      { username, password, role, full_name, email: `${username}@localhost.localdomain` },
      { ownPassword: true },
    );
  }
  const clinician = await users.findByUsername(accounts[0]!.username);
  if (clinician !== null) await installModel(app, clinician.id);
  return { accounts, image: relative(process.cwd(), join(DEMO_MODEL, 'sample-bright-spot.png')) };
}

/** Random passwords, kept beside the data for the owner alone, so that every start can print them. */
async function demoAccounts(path: string): Promise<readonly DemoAccount[]> {
  const fresh = ROLES.map((role) => ({
    role,
    username: `demo.${role}`,
    password: randomBytes(15).toString('base64url'),
  }));
  try {
    await writeFile(path, JSON.stringify(fresh), { flag: 'wx', mode: 0o600 });
    return fresh;
  } catch {
    return JSON.parse(await readFile(path, 'utf8')) as DemoAccount[];
  }
}

async function installModel(app: INestApplication, installedBy: string): Promise<void> {
  const registry = app.get(ModelRegistry);
  const manifest = readManifest(await readFile(join(DEMO_MODEL, 'manifest.json'), 'utf8'));
  if (await registry.has(manifest.model_name, manifest.version)) return;
  const file = join(DEMO_MODEL, 'demo-model.onnx');
  await app.get(ModelInstallation).install({ manifest, file, installedBy });
}
