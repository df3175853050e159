// A Redis server of the benchmark's own, which keeps nothing on disk.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const { Redis } = createRequire(import.meta.url)('ioredis');

/** @returns undefined where there is no redis-server */
export async function redisServer() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  const run = () => spawn('redis-server', args, { stdio: 'ignore' });
  let server = run();
  const missing = await Promise.race([once(server, 'error').then(() => true), sleep(500).then(() => false)]);
  if (missing) return undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    signal: (name) => server.kill(name),
    startAgain: () => (server = run()),
    async command(...words) {
      const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
      redis.on('error', () => undefined);
      try {
        await redis.connect();
        return await redis.call(...words);
      } finally {
        redis.disconnect();
      }
    },
  };
}
