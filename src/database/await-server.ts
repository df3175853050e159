import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Client, type ClientConfig } from 'pg';
import { StartupError } from '../config/startup.error';

const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_PAUSE_MS = 2_000;

/** A server that is down, not reachable yet, starting up, or has no free connection. */
const PASSING =
  /^(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|57P0.|53300)$/;

const logger = new Logger('Database');

/**
 * Waits until PostgreSQL takes a connection: at the start of a whole installation it may come later than this server.
 * @throws StartupError after `seconds`, and at once for what waiting does not mend
 */
export async function awaitServer(config: ClientConfig, seconds: number): Promise<void> {
  const deadline = performance.now() + 1000 * seconds;
  for (let pauseMs = 250; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const code = await failureOf(config, Math.max(1, deadline - performance.now()));
    if (code === undefined) return;
    if (!PASSING.test(code))
      throw new StartupError(`PostgreSQL refuses the connection of DATABASE_URL (${code}).`);
    if (performance.now() + pauseMs > deadline)
      throw new StartupError(
        `PostgreSQL did not take a connection within ${seconds} s (${code}). Check that it runs and that DATABASE_URL ` +
          'names its host and port; DATABASE_WAIT_SECONDS is how long a start waits for it.',
      );
    logger.warn({ event: 'database.awaited', cause_code: code });
    await sleep(pauseMs);
  }
}

async function failureOf(config: ClientConfig, patienceMs: number): Promise<string | undefined> {
  const client = new Client({ ...config, connectionTimeoutMillis: Math.min(CONNECT_TIMEOUT_MS, patienceMs) });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? 'ETIMEDOUT';
  } finally {
    void client.end().catch(() => undefined);
  }
}
