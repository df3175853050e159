import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Draining } from './components/draining';
import type { RuntimeConfig } from './config/runtime.config';
import { closeUnusedConnections } from './http/edge/unused-connections';

/** Kept of the grace period for what comes after the last answer: workers, engine, chain, connections. */
const CLOSING_SECONDS = 5;
/** A request may be on its way when the door closes. */
const UNUSED_MS = 1_000;

/**
 * Stops a replica so that no request is lost: it says that it is not ready, goes on serving until the load balancers
 * have noticed, takes no more connections, answers what is under way, and only then closes what answers are made with.
 * Nest alone has the last two the other way round.
 */
export async function stopGracefully(
  app: NestExpressApplication,
  { drainSeconds, graceSeconds }: RuntimeConfig,
): Promise<void> {
  app.get(Draining).begin();
  await sleep(1000 * drainSeconds);
  const seconds = Math.max(1, graceSeconds - drainSeconds - CLOSING_SECONDS);
  await answerTheLast(app.getHttpServer(), 1000 * seconds);
  await app.close();
}

async function answerTheLast(server: Server, patienceMs: number): Promise<void> {
  const unused = setTimeout(() => closeUnusedConnections(server), Math.min(UNUSED_MS, patienceMs));
  const late = setTimeout(() => server.closeAllConnections(), patienceMs);
  await new Promise<unknown>((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
  clearTimeout(unused);
  clearTimeout(late);
}
