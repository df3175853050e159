import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { SystemCalls } from '../harness/system-calls';
import type { Fault } from './fault';
import type { Installation } from './installation';

const outage = (): Promise<void> => sleep(3_000);

export const POSTGRES_FAULTS: readonly Fault[] = [
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
    inject: startedAgain,
  },
  {
    name: 'PostgreSQL takes no connections when the server starts, for 3 s',
    serverDies: true,
    inject: async (at) => {
      await at.server.end('SIGTERM');
      await at.postgres.end();
      at.spawnServer();
      await outage();
      await at.postgres.startAgain();
      at.proxy.retarget(at.postgres.url);
      await at.untilReady();
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
    name: 'PostgreSQL takes 0.8 s longer for each commit (fdatasync), for 6 s',
    needs: 'strace',
    inject: async ({ postgres }) => {
      const slow = await SystemCalls.tamper(postgres.pids(), 'fdatasync:delay_enter=800000');
      await sleep(6_000);
      await slow.release();
    },
  },
  {
    name: 'the disk of PostgreSQL fails to write (fdatasync: EIO): it panics and recovers',
    needs: 'strace',
    inject: async ({ postgres }) => {
      const [, ...backends] = postgres.pids();
      const failing = await SystemCalls.tamper(backends, 'fdatasync:error=EIO');
      await outage();
      await failing.release();
    },
  },
  {
    name: 'the disk of PostgreSQL is full for 5 s',
    always: true,
    needs: 'a disk of its own',
    inject: async (at) => {
      const disk = at.postgres.disk!;
      await at.query('SELECT pg_switch_wal()'); // what is full is the tables' disk, not the WAL's
      await at.query('CHECKPOINT'); // keeps old segments for new ones
      disk.fill();
      await sleep(5_000);
      disk.free();
      await at.query('SELECT').catch(() => startedAgain(at)); // the WAL has run out of room after all
    },
  },
  {
    name: 'the disk of PostgreSQL has no room for its WAL: it panics, and is started again when there is room',
    needs: 'a disk of its own',
    inject: async (at) => {
      const disk = at.postgres.disk!;
      disk.fill();
      await untilLost(() =>
        at.query('SELECT pg_switch_wal(), pg_create_restore_point(gen_random_uuid()::text)'),
      );
      await outage();
      disk.free();
      await startedAgain(at);
    },
  },
  {
    name: 'the network to PostgreSQL is 0.2 s slower each way for 6 s',
    inject: async ({ proxy }) => {
      proxy.delay(200);
      await sleep(6_000);
      proxy.delay(0);
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
    inject: (at) => locked(at, 'LOCK TABLE inference_results IN ACCESS EXCLUSIVE MODE', 7_000),
  },
  {
    name: 'a session sits in a transaction that holds the row of the model, for 7 s',
    inject: (at) => locked(at, 'SELECT FROM model_versions FOR UPDATE', 7_000),
  },
  {
    name: 'every connection of the pool is held, and 60 more requests come',
    always: true,
    inject: async (at, workload) => {
      const held = locked(at, 'LOCK TABLE inference_results IN ACCESS EXCLUSIVE MODE', 4_000);
      await workload.burst(60);
      await held;
    },
  },
];

async function startedAgain({ postgres, proxy }: Installation): Promise<void> {
  await postgres.restart();
  proxy.retarget(postgres.url);
}

async function untilLost(query: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await query();
    } catch {
      return;
    }
  }
}

/** One that serves the application. */
async function backendOf(at: Installation): Promise<number> {
  const [row] = await at.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'medai-flow' ORDER BY backend_start LIMIT 1",
  );
  return row!.pid;
}

async function locked({ postgres }: Installation, statement: string, milliseconds: number): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`BEGIN; ${statement}`);
  await sleep(milliseconds);
  await client.query('ROLLBACK');
  await client.end();
}
