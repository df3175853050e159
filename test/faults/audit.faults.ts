import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { Sequencers } from '../harness/sequencers';
import type { Fault } from './fault';
import type { Installation } from './installation';

const LEADER = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
  WHERE application_name = 'medai-flow sequencer' AND locktype = 'advisory' AND granted`;
/** More than may wait. */
const FLOOD = 60_000;

export const AUDIT_FAULTS: readonly Fault[] = [
  {
    name: "the sequencer's session is ended by PostgreSQL",
    always: true,
    inject: async (at) => void (await at.query(LEADER)),
  },
  {
    name: 'another replica leads the chain and is killed',
    inject: (at) => otherLeader(at, 'SIGKILL'),
  },
  {
    name: 'another replica leads the chain and stands still (SIGSTOP)',
    inject: (at) => otherLeader(at, 'SIGSTOP'),
  },
  {
    name: `the chain is held up while ${FLOOD} entries come: changes are refused until it has caught up`,
    inject: async (at) => {
      const client = new Client({ connectionString: at.postgres.url });
      await client.connect();
      await client.query('BEGIN; LOCK TABLE audit_logs IN EXCLUSIVE MODE');
      await at.query(
        `INSERT INTO audit_inbox (event_id, canonical)
         SELECT id, format('{"action":"result.read","event_id":"%s","occurred_at":"2026-01-01T00:00:00.000Z","outcome":"success"}', id)
         FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, ${FLOOD})) AS ids`,
      );
      await at.untilTold('audit', { status: 'unhealthy', backlog: 50_001 });
      await sleep(2_000);
      await client.query('ROLLBACK');
      await client.end();
    },
  },
  {
    name: 'the witness cannot be reached for 5 s',
    inject: async (at) => {
      at.witnessProxy.hold();
      at.witnessProxy.reset();
      await at.untilTold('audit', { status: 'degraded', unreached: ['witness'] });
      await sleep(5_000);
      at.witnessProxy.reset();
      at.witnessProxy.release();
    },
  },
  {
    name: 'the anchor cannot be written for 5 s',
    inject: async (at) => {
      renameSync(at.anchor, `${at.anchor}.away`);
      writeFileSync(at.anchor, '');
      await at.untilTold('audit', { status: 'degraded', unreached: ['anchor'] });
      await sleep(5_000);
      rmSync(at.anchor);
      renameSync(`${at.anchor}.away`, at.anchor);
    },
  },
];

/** Ends the lead of the server in favour of a sequencer in a process of its own, and then that. */
async function otherLeader(at: Installation, signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
  const sequencers = new Sequencers(at.postgres.variables['DATABASE_SEQUENCER_URL']!);
  try {
    sequencers.start();
    const leader = sequencers.leader(1);
    while (sequencers.reigns === 0) {
      await at.query(LEADER);
      await Promise.race([leader, sleep(700)]);
    }
    (await leader).kill(signal);
    await sleep(5_000);
  } finally {
    await sequencers.end();
  }
}
