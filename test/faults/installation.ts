import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { createApp } from '../../src/app.setup';
import { Users } from '../../src/auth/users/users.service';
import { loadConfiguration } from '../../src/config/configuration';
import { ModelInstallation } from '../../src/inference/registration/model-installation.service';
import { readManifest } from '../../src/models/manifest-reading';
import { OwnPostgres } from '../harness/own-postgres';
import { childrenOf } from '../harness/processes';
import { freePort, RedisServer } from '../harness/redis-server';
import { PASSWORD, SAMPLE } from '../harness/running-app';
import { ServerProcess } from '../harness/server-process';
import { TcpProxy } from '../harness/tcp-proxy';
import { temporaryDirectory } from '../harness/temporary-directory';
import type { Caller } from './history';

const DEMO = join(__dirname, '../../tools/demo-model');

/** A whole installation to break: server process, PostgreSQL behind a proxy, Redis where there is one. */
export class Installation {
  server!: ServerProcess;
  private readonly tokens = new Map<string, string>();

  private constructor(
    readonly postgres: OwnPostgres,
    readonly proxy: TcpProxy,
    readonly redis: RedisServer | undefined,
    private readonly dataDir: string,
    private readonly port: number,
  ) {}

  static async start(withRedis: boolean): Promise<Installation> {
    const postgres = await OwnPostgres.start();
    const dataDir = temporaryDirectory();
    await furnish(postgres, dataDir);
    const proxy = await TcpProxy.start(postgres.url);
    const redis = withRedis ? await RedisServer.start() : undefined;
    const installation = new Installation(postgres, proxy, redis, dataDir, await freePort());
    await installation.startServer();
    for (const name of ['clinician', 'auditor', 'admin'])
      installation.tokens.set(name, await installation.login(name));
    return installation;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get caller(): Caller {
    return { url: this.url, token: this.tokens.get('clinician')!, image: new Uint8Array(SAMPLE) };
  }

  async startServer(): Promise<void> {
    const urls = Object.entries(this.postgres.variables);
    this.server = await ServerProcess.start({
      ...Object.fromEntries(urls.map(([name, url]) => [name, this.proxy.through(url)])),
      ...(this.redis && { REDIS_URL: this.redis.url }),
      DATA_DIR: this.dataDir,
      PORT: String(this.port),
      RATE_LIMIT: 'off',
      INFERENCE_DEADLINE_SECONDS: '2',
      DATABASE_POOL_TIMEOUT_SECONDS: '2',
    });
    await this.untilReady();
  }

  /** Processes that run models. */
  engines(): number[] {
    return childrenOf(this.server.child.pid!);
  }

  async login(username: string): Promise<string> {
    const response = await fetch(`${this.url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username, password: PASSWORD }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  /** As `name`. */
  async get(name: string, path: string): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.url}${path}`, {
      headers: { Authorization: `Bearer ${this.tokens.get(name)}` },
    });
    return { status: response.status, body: await response.json() };
  }

  async untilReady(): Promise<void> {
    for (;;) {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      if (answer?.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As a superuser, past the proxy. */
  async query<Row extends QueryResultRow>(sql: string): Promise<Row[]> {
    const client = new Client({ connectionString: this.postgres.url });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    await this.server.end('SIGKILL');
    await this.proxy.stop();
    await this.redis?.kill();
    await this.postgres.stop();
  }
}

/** Accounts and the demo model, by an application that is closed again. */
async function furnish(postgres: OwnPostgres, dataDir: string): Promise<void> {
  const configuration = loadConfiguration({ DATA_DIR: dataDir, ENGINE_PROCESSES: '1' });
  const app = await createApp(configuration, postgres.urls, false);
  await app.init();
  const users = app.get(Users);
  for (const role of ['clinician', 'auditor', 'admin'] as const)
    await users.install(
      { username: role, email: `${role}@example.org`, password: PASSWORD, role, full_name: role },
      { ownPassword: true },
    );
  const clinician = await users.findByUsername('clinician');
  await app.get(ModelInstallation).install({
    manifest: readManifest(readFileSync(join(DEMO, 'manifest.json'), 'utf8')),
    file: join(DEMO, 'demo-model.onnx'),
    installedBy: clinician!.id,
  });
  await app.close();
}
