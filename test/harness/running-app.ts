import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { createApp } from '../../src/app.setup';
import { Users } from '../../src/auth/users/users.service';
import { loadConfiguration } from '../../src/config/configuration';
import type { DatabaseUrls } from '../../src/database/database-urls';
import { dataSourceOptions } from '../../src/database/data-source-options';
import { ENTITIES } from '../../src/entities';
import { stopGracefully } from '../../src/graceful-stop';
import { type Role, ROLES } from '../../src/http/principal';
import { ModelInstallation } from '../../src/inference/registration/model-installation.service';
import type { Manifest } from '../../src/models/manifest';
import { readManifest } from '../../src/models/manifest-reading';
import type { ModelVersion } from '../../src/models/model-version.entity';
import { fixtureFile, modelOf } from '../fixtures/models/models';
import { createTestDatabase, type TestDatabase } from './database';
import { runLogger } from './run-logs';
import { temporaryDirectory } from './temporary-directory';

const DEMO = join(__dirname, '../../tools/demo-model');
export const PASSWORD = 'a long enough password';
export const SAMPLE = readFileSync(join(DEMO, 'sample-bright-spot.png'));

/** The real application on a database of its own, over real HTTP. */
export interface RunningApp {
  readonly app: NestExpressApplication;
  readonly url: string;
  /** For another replica on the same database. */
  readonly databaseUrls: DatabaseUrls;
  /** A superuser's, to look at everything and to tamper; the application itself has lesser roles. */
  readonly dataSource: DataSource;
  readonly database: TestDatabase;
  readonly dataDir: string;
  /** Puts a model of the engine's tests into production. */
  installFixture(name: keyof typeof FIXTURE_GOLDEN, file?: string): Promise<ModelVersion>;
  /** Puts another version of the demo model into production. */
  installDemoModel(changes: {
    name?: string;
    version: string;
    policy: 'warn' | 'reject';
    input?: Partial<Manifest['input']>;
  }): Promise<ModelVersion>;
  /** An access token of the account of this role. */
  token(role: Role): Promise<string>;
  stop(): Promise<void>;
}

/** What the models of the engine's tests take. */
const FIXTURE_INPUT = { name: 'image', resize: null, channels: 1, mean: [0], std: [1] };

/** What they make of an image of one value. */
const FIXTURE_GOLDEN = {
  quarters: { value: 1, scores: [[1, 1, 1, 1]] },
  nan: { value: 1, scores: [[1]] },
  'endless-run': { value: 0, scores: [[0]] },
  'memory-bomb': { value: 0, scores: [[0]] },
  echo: { value: 1, scores: [[1]] },
} as const;

export async function startApp(variables: Record<string, string> = {}): Promise<RunningApp> {
  const database = await createTestDatabase();
  const dataDir = temporaryDirectory();
  const configuration = loadConfiguration({
    DATA_DIR: dataDir,
    ENGINE_PROCESSES: '1',
    ...variables,
  });
  const app = await createApp(configuration, database.urls, runLogger());
  await app.init();
  for (const role of ROLES) {
    const account = {
      username: role,
      email: `${role}@example.org`,
      password: PASSWORD,
      role,
      full_name: role,
    };
    await app.get(Users).install(account, { ownPassword: true });
  }
  const clinician = await app.get(Users).findByUsername('clinician');
  const demo = readManifest(readFileSync(join(DEMO, 'manifest.json'), 'utf8'));
  const install = (manifest: Manifest, file = join(DEMO, 'demo-model.onnx')): Promise<ModelVersion> =>
    app.get(ModelInstallation).install({ manifest, file, installedBy: clinician!.id });
  await install(demo);
  const dataSource = await new DataSource(
    dataSourceOptions({ ...configuration.database, poolSize: 1 }, database.url, ENTITIES),
  ).initialize();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    url,
    databaseUrls: database.urls,
    dataSource,
    database,
    dataDir,
    installFixture: (name, file = fixtureFile(name)) => {
      const { output } = modelOf(name);
      const input = { ...demo.input, ...FIXTURE_INPUT };
      const quality = { policy: 'warn', thresholds: {} } as const;
      const { value, scores } = FIXTURE_GOLDEN[name];
      const data = Array<number>(64 * 64).fill(value);
      const golden = [{ input: { data, width: 64, height: 64 }, output: { scores }, tolerance: 0 }];
      return install({ ...demo, model_name: name, labels: [], input, output, quality, golden }, file);
    },
    installDemoModel: ({ name = demo.model_name, version, policy, input }) =>
      install({
        ...demo,
        model_name: name,
        version,
        quality: { ...demo.quality, policy },
        input: { ...demo.input, ...input },
      }),
    token: (role) => login(url, role),
    async stop() {
      await stopGracefully(app, configuration.runtime);
      await dataSource.destroy();
      await database.drop();
    },
  };
}

async function login(url: string, username: string): Promise<string> {
  const response = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}
