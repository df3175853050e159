import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { createApp } from '../../src/app.setup';
import { CheckpointKeys } from '../../src/audit/checkpoint/checkpoint-keys';
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
import { startWitness, type Witness } from '../harness/witness';
import { login, VICTIM } from './accounts';
import { type Footprint, footprintOf } from './footprint';
import type { Caller } from './requests';
import { type Exchange, Wire } from './wire';

const DEMO = join(__dirname, '../../tools/demo-model');
const ORIGIN = 'audit.example/faults';
const READERS = ['clinician', 'auditor', 'admin'] as const;
/** Small enough to be filled at once. */
const DISK_MEBIBYTES = 320;
const POSTGRES = { fsync: 'on', min_wal_size: '32MB', max_wal_size: '64MB' };

type Components = Readonly<Record<string, { readonly status: string; readonly [fact: string]: unknown }>>;

/** A whole installation to break: server process, PostgreSQL and witness behind proxies, Redis where there is one. */
export class Installation {
  server!: ServerProcess;
  readonly wire: Wire;
  private readonly servers: ServerProcess[] = [];
  private readonly tokens = new Map<string, string>();

  private constructor(
    readonly postgres: OwnPostgres,
    readonly proxy: TcpProxy,
    readonly redis: RedisServer | undefined,
    private readonly witness: Witness,
    readonly witnessProxy: TcpProxy,
    readonly dataDir: string,
    private readonly port: number,
  ) {
    this.wire = new Wire(`http://127.0.0.1:${port}`);
  }

  static async start(withRedis: boolean): Promise<Installation> {
    const postgres = await OwnPostgres.start(POSTGRES, DISK_MEBIBYTES);
    const dataDir = temporaryDirectory();
    const witness = await furnish(postgres, dataDir);
    const redis = withRedis ? await RedisServer.start() : undefined;
    const [proxy, witnessProxy] = [await TcpProxy.start(postgres.url), await TcpProxy.start(witness.url)];
    const port = await freePort();
    const installation = new Installation(postgres, proxy, redis, witness, witnessProxy, dataDir, port);
    await installation.startServer();
    for (const name of READERS) installation.tokens.set(name, await installation.login(name));
    return installation;
  }

  get caller(): Caller {
    return { wire: this.wire, token: this.tokens.get('clinician')!, image: new Uint8Array(SAMPLE) };
  }

  /** AUDIT_ANCHOR. */
  get anchor(): string {
    return join(this.dataDir, 'anchor');
  }

  /** @param variables beside those it always has; `stdout` in place of the pipe that is read here */
  async startServer(variables: Record<string, string> = {}, stdout?: number): Promise<void> {
    this.spawnServer(variables, stdout);
    await this.untilReady();
  }

  spawnServer(variables: Record<string, string> = {}, stdout?: number): void {
    const urls = Object.entries(this.postgres.variables);
    const env = {
      ...Object.fromEntries(urls.map(([name, url]) => [name, this.proxy.through(url)])),
      ...(this.redis && { REDIS_URL: this.redis.url }),
      DATA_DIR: this.dataDir,
      PORT: String(this.port),
      RATE_LIMIT: 'off',
      LOGIN_SOURCE_THRESHOLD: '1000000',
      ACCESS_TOKEN_SECONDS: '3600',
      HEALTH_DETAILS: 'public',
      INFERENCE_DEADLINE_SECONDS: '2',
      BATCH_LEASE_SECONDS: '2',
      DATABASE_POOL_TIMEOUT_SECONDS: '2',
      MODEL_VERIFY_SECONDS: '1',
      AUDIT_ORIGIN: ORIGIN,
      AUDIT_CHECKPOINT_SECONDS: '1',
      AUDIT_ANCHOR: this.anchor,
      AUDIT_WITNESS_URL: this.witnessProxy.through(this.witness.url),
      AUDIT_WITNESS_KEY: this.witness.vkey,
      ...variables,
    };
    this.server = ServerProcess.spawn(env, stdout);
    this.servers.push(this.server);
  }

  /** Lines of all servers since it was last asked. */
  takeLog(): string[] {
    return this.servers.flatMap(({ log }) => log.splice(0));
  }

  /** Processes that run models. */
  engines(): number[] {
    return childrenOf(this.server.child.pid!);
  }

  /** Of the server. */
  footprint(): Footprint {
    return footprintOf(this.server.child.pid!, this.port);
  }

  /** SHA-256 of the one model in production. */
  async modelHash(): Promise<string> {
    const [row] = await this.query<{ file_hash: string }>(
      "SELECT file_hash FROM model_versions WHERE status = 'production'",
    );
    return row!.file_hash;
  }

  modelFile(hash: string): string {
    return join(this.dataDir, 'models', `${hash}.onnx`);
  }

  async login(username: string): Promise<string> {
    const { body } = await login(this.wire, username);
    return (body as { access_token: string }).access_token;
  }

  as(name: (typeof READERS)[number], path: string): Promise<Exchange> {
    return this.wire.send('GET', path, this.tokens.get(name));
  }

  async components(): Promise<Components> {
    const { body } = await this.wire.send('GET', '/health');
    return (body as { components?: Components } | undefined)?.components ?? {};
  }

  /** Waits until the health report says so of a component: that an operator is told is part of what is shown. */
  async untilTold(component: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
    const wanted = Object.entries(facts);
    for (;;) {
      const told = (await this.components())[component];
      if (wanted.every(([name, value]) => JSON.stringify(told?.[name]) === JSON.stringify(value))) return;
      await sleep(100);
    }
  }

  /** Passwords that the server has verified and found wrong since it started. */
  async wrongPasswords(): Promise<number> {
    const text = await (await fetch(`${this.wire.url}/metrics`)).text();
    const line = /^medai_auth_logins_total\{method="password",outcome="refused"\} (\d+)$/m.exec(text);
    return Number(line?.[1] ?? 0);
  }

  async untilReady(): Promise<void> {
    for (;;) {
      if (this.server.ended) throw new Error(`The server ended: ${this.server.log.slice(-20).join('\n')}`);
      const answer = await fetch(`${this.wire.url}/health/ready`).catch(() => undefined);
      if (answer?.status === 200) return;
      await sleep(20);
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
    await this.witnessProxy.stop();
    await this.witness.stop();
    await this.redis?.kill();
    await this.postgres.stop();
  }
}

/** Accounts and the demo model, by an application that is closed again. @returns a witness that knows its log */
async function furnish(postgres: OwnPostgres, dataDir: string): Promise<Witness> {
  const configuration = loadConfiguration({
    DATA_DIR: dataDir,
    ENGINE_PROCESSES: '1',
    AUDIT_ORIGIN: ORIGIN,
  });
  const app = await createApp(configuration, postgres.urls, false);
  await app.init();
  const users = app.get(Users);
  const accounts = [...READERS.map((role) => [role, role] as const), [VICTIM, 'clinician'] as const];
  for (const [username, role] of accounts)
    await users.install(
      { username, email: `${username}@example.org`, password: PASSWORD, role, full_name: username },
      { ownPassword: true },
    );
  const clinician = await users.findByUsername('clinician');
  await app.get(ModelInstallation).install({
    manifest: readManifest(readFileSync(join(DEMO, 'manifest.json'), 'utf8')),
    file: join(DEMO, 'demo-model.onnx'),
    installedBy: clinician!.id,
  });
  const { own } = app.get(CheckpointKeys);
  await app.close();
  return startWitness(ORIGIN, own);
}
