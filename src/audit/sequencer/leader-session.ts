import { Client, type ClientConfig } from 'pg';

/** Session advisory lock: its holder is the one sequencer. */
const LEADER_LOCK = 7_202_612;

/** A leader asks for work several times a second. Silent for so long, it is dead, stopped or cut off. */
const SILENCE_MS = 3_000;

/** The server gives up on a client that no longer reads or speaks, in a transaction or between two. */
const SETTINGS = ['idle_session_timeout', 'idle_in_transaction_session_timeout', 'tcp_user_timeout']
  .map((name) => `SET ${name} = ${SILENCE_MS}`)
  .concat('SET lock_timeout = 2000', 'SET synchronous_commit = on')
  .join('; ');

/** A leader that is stopped in the midst of reading an answer keeps its backend `active`: no timeout ends that. */
const END_SILENT_LEADER = `
  SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'advisory' AND granted AND objid = ${LEADER_LOCK} AND classid = 0 AND objsubid = 1
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND clock_timestamp() - greatest(query_start, state_change) > interval '${SILENCE_MS} milliseconds'`;

/**
 * A connection straight to the server, past any pooler. The lock lives and dies with it, and the chain is written on it:
 * who has lost the lock has lost the means to write, and a leader that wakes up after its replacement finds it closed.
 */
export class LeaderSession {
  private constructor(readonly client: Client) {}

  static async open(config: ClientConfig): Promise<LeaderSession> {
    const client = new Client({
      ...config,
      application_name: 'medai-flow sequencer',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 5_000,
      query_timeout: 6_000,
    });
    client.on('error', () => undefined); // the next query of the session reports it
    try {
      await client.connect();
      await client.query(SETTINGS);
      return new LeaderSession(client);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
  }

  /** Takes the lock if nobody holds it; ends the session that holds it and is silent. */
  async tryToLead(): Promise<boolean> {
    const { rows } = await this.client.query<{ leads: boolean }>('SELECT pg_try_advisory_lock($1) AS leads', [
      LEADER_LOCK,
    ]);
    if (rows[0]?.leads === true) return true;
    await this.client.query(END_SILENT_LEADER);
    return false;
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}
