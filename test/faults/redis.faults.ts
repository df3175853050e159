import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault';

const outage = (): Promise<void> => sleep(3_000);

export const REDIS_FAULTS: readonly Fault[] = [
  {
    name: 'Redis is killed and started again, empty',
    needs: 'redis',
    inject: async ({ redis }) => {
      await redis!.kill();
      await outage();
      await redis!.startAgain();
    },
  },
  {
    name: 'Redis stands still for 3 s (SIGSTOP)',
    needs: 'redis',
    inject: async ({ redis }) => {
      redis!.pause();
      await outage();
      redis!.resume();
    },
  },
  {
    name: 'Redis loses everything (FLUSHALL)',
    needs: 'redis',
    inject: async ({ redis }) => void (await redis!.command('FLUSHALL')),
  },
  {
    name: 'Redis is out of memory for 5 s (noeviction): it takes no writes',
    needs: 'redis',
    inject: async ({ redis }, { sessions }) => {
      await redis!.command('CONFIG', 'SET', 'maxmemory', '1');
      const before = sessions.ended;
      await sleep(5_000);
      while (sessions.ended < before + 2) await sleep(100);
      await redis!.command('CONFIG', 'SET', 'maxmemory', '0');
    },
  },
  {
    name: 'Redis and PostgreSQL stand still together for 3 s',
    needs: 'redis',
    inject: async ({ redis, postgres }) => {
      redis!.pause();
      postgres.pause();
      await outage();
      postgres.resume();
      redis!.resume();
    },
  },
];
