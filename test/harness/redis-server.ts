import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Environment } from '../../src/config/environment';
import { RedisConfig } from '../../src/config/redis.config';
import { connectRedis } from '../../src/redis/redis.module';

export const redisFound = spawnSync('redis-server', ['--version']).status === 0;

/** `describe` where there is a redis-server; elsewhere the tests are skipped, and the run says how to have them. */
export const describeWithRedis: jest.Describe = redisFound ? describe : describe.skip;
if (!redisFound) {
  process.stderr.write(
    'SKIPPED: Redis tests. Install redis-server (Debian: apt-get install redis-server).\n',
  );
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** A real server that keeps nothing on disk. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private process: ChildProcess,
  ) {}

  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const server = new RedisServer(port, run(port));
    await server.answers();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** A client as the application has it. */
  client(): Redis {
    return connectRedis(new RedisConfig(new Environment({ REDIS_URL: this.url })))!;
  }

  pause(): void {
    this.process.kill('SIGSTOP');
  }

  resume(): void {
    this.process.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }

  /** Empty, on the same port. */
  async startAgain(): Promise<void> {
    this.process = run(this.port);
    await this.answers();
  }

  async command(...words: readonly string[]): Promise<unknown> {
    const redis = new Redis(this.port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await redis.call(words[0]!, ...words.slice(1));
    } finally {
      redis.disconnect();
    }
  }

  private async answers(): Promise<void> {
    for (;;) {
      if ((await this.command('PING').catch(() => undefined)) === 'PONG') return;
      await sleep(20);
    }
  }
}

const run = (port: number): ChildProcess =>
  spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
  });
