import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const PROBE_EVERY_MS = 100;

/**
 * A load balancer in little: it sends each request to the next replica that is ready, over connections it keeps, and
 * looks every 0.1 s which ones are. It never sends a request twice.
 */
export class RoundRobin {
  readonly replicas = new Set<string>();
  private readonly ready = new Set<string>();
  private readonly agent = new Agent({ keepAlive: true });
  private readonly timer = setInterval(() => void this.probe(), PROBE_EVERY_MS);
  private turn = 0;

  private constructor(private readonly server: Server) {
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) =>
      this.forward(incoming, answer),
    );
  }

  static async start(): Promise<RoundRobin> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RoundRobin(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async untilReady(count: number): Promise<void> {
    while (this.ready.size < count) await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
  }

  stop(): void {
    clearInterval(this.timer);
    this.server.closeAllConnections();
    this.server.close();
    this.agent.destroy();
  }

  private async probe(): Promise<void> {
    await Promise.all(
      [...this.replicas].map(async (url) => {
        const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
        if (answer?.status === 200) this.ready.add(url);
        else this.ready.delete(url);
      }),
    );
  }

  private forward(incoming: IncomingMessage, answer: ServerResponse): void {
    const targets = [...this.ready];
    const target = targets[this.turn++ % targets.length];
    if (target === undefined) {
      answer.writeHead(502).end();
      return;
    }
    const { method, headers, url } = incoming;
    const onward = request(`${target}${url}`, { method, headers, agent: this.agent }, (upstream) => {
      answer.writeHead(upstream.statusCode!, upstream.headers);
      upstream.pipe(answer);
    });
    onward.once('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()));
    incoming.pipe(onward);
  }
}
