import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Installation } from './installation';

export interface Fault {
  readonly name: string;
  /** Also in `npm test`; the others in `npm run test:faults` only. */
  readonly always?: true;
  readonly needsRedis?: true;
  /** The server itself is away for a while: its probes are not answered. */
  readonly serverDies?: true;
  /** Breaks something, and mends what does not mend itself. */
  inject(at: Installation): Promise<void>;
}

const OUTAGE_MS = 3_000;
const outage = (): Promise<void> => sleep(OUTAGE_MS);

export const FAULTS: readonly Fault[] = [
  {
    name: 'a PostgreSQL backend is killed: every session ends',
    always: true,
    inject: async (at) => void process.kill(await backendOf(at), 'SIGKILL'),
  },
  {
    name: 'PostgreSQL is killed and started again',
    inject: async (at) => {
      await at.postgres.restart({ killed: true });
      at.proxy.retarget(at.postgres.url);
    },
  },
  {
    name: 'PostgreSQL is restarted (fast shutdown)',
    inject: async (at) => {
      await at.postgres.restart();
      at.proxy.retarget(at.postgres.url);
    },
  },
  {
    name: 'PostgreSQL stands still for 3 s (SIGSTOP)',
    inject: async ({ postgres }) => {
      postgres.pause();
      await outage();
      postgres.resume();
    },
  },
  {
    name: 'PostgreSQL stands still for 20 s (SIGSTOP), longer than a statement may take',
    inject: async ({ postgres }) => {
      postgres.pause();
      await sleep(20_000);
      postgres.resume();
    },
  },
  {
    name: 'the network to PostgreSQL swallows everything for 20 s (half-open connections)',
    inject: async ({ proxy }) => {
      proxy.hold();
      await sleep(20_000);
      proxy.reset();
      proxy.release();
    },
  },
  {
    name: 'every connection to PostgreSQL is reset',
    inject: async ({ proxy }) => proxy.reset(),
  },
  {
    name: 'PostgreSQL takes no writes for 3 s (read-only)',
    inject: async (at) => {
      await at.query("ALTER SYSTEM SET default_transaction_read_only = 'on'");
      await at.query('SELECT pg_reload_conf()');
      await outage();
      await at.query('ALTER SYSTEM RESET default_transaction_read_only');
      await at.query('SELECT pg_reload_conf()');
    },
  },
  {
    name: 'the table of results is locked for 7 s, longer than a lock is waited for',
    inject: async ({ postgres }) => {
      const client = new Client({ connectionString: postgres.url });
      await client.connect();
      await client.query('BEGIN; LOCK TABLE inference_results IN ACCESS EXCLUSIVE MODE');
      await sleep(7_000);
      await client.query('ROLLBACK');
      await client.end();
    },
  },
  {
    name: 'Redis is killed and started again, empty',
    needsRedis: true,
    inject: async ({ redis }) => {
      await redis!.kill();
      await outage();
      await redis!.startAgain();
    },
  },
  {
    name: 'Redis stands still for 3 s (SIGSTOP)',
    needsRedis: true,
    inject: async ({ redis }) => {
      redis!.pause();
      await outage();
      redis!.resume();
    },
  },
  {
    name: 'Redis loses everything (FLUSHALL)',
    needsRedis: true,
    inject: async ({ redis }) => void (await redis!.command('FLUSHALL')),
  },
  {
    name: 'Redis and PostgreSQL stand still together for 3 s',
    needsRedis: true,
    inject: async ({ redis, postgres }) => {
      redis!.pause();
      postgres.pause();
      await outage();
      postgres.resume();
      redis!.resume();
    },
  },
  {
    name: 'an engine process is killed',
    always: true,
    inject: async (at) => void process.kill(at.engines()[0]!, 'SIGKILL'),
  },
  {
    name: 'an engine process hangs (SIGSTOP)',
    inject: async (at) => void process.kill(at.engines()[0]!, 'SIGSTOP'),
  },
  {
    name: 'the server is killed and started again',
    serverDies: true,
    inject: async (at) => {
      await at.server.end('SIGKILL');
      await at.startServer();
    },
  },
  {
    name: 'the server is stopped (SIGTERM) and started again',
    serverDies: true,
    inject: async (at) => {
      await at.server.end('SIGTERM');
      await at.startServer();
    },
  },
];

/** One that serves the application. */
async function backendOf(at: Installation): Promise<number> {
  const [row] = await at.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'medai-flow' ORDER BY backend_start LIMIT 1",
  );
  return row!.pid;
}
