import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Stands before a server and can cut it off: connections die, are refused, or go on without a byte coming through. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private held = false;
  private delayMs = 0;

  private constructor(
    private readonly server: Server,
    private target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (client) => this.join(client));
  }

  /** @param url of the server; its protocol is of no matter */
  static async start(url: string, port = 0): Promise<TcpProxy> {
    const { hostname, port: to } = new URL(url);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, { host: hostname, port: Number(to) });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The URL of the server, by way of this proxy. */
  through(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.port) }).href;
  }

  /** Sends what comes from now on to another server. */
  retarget(url: string): void {
    const { hostname, port } = new URL(url);
    this.target = { host: hostname, port: Number(port) };
  }

  /** Nothing comes through any more, and nobody is told. */
  hold(): void {
    this.held = true;
    for (const socket of this.sockets) socket.pause();
  }

  release(): void {
    this.held = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** Whatever comes from now on arrives that much later, in its order. */
  delay(milliseconds: number): void {
    this.delayMs = milliseconds;
  }

  reset(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket): void {
    const server = connect(this.target);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(from);
      let sent = Promise.resolve();
      from.on('data', (chunk) => {
        const due = this.delayMs === 0 ? undefined : sleep(this.delayMs);
        sent = sent.then(() => due).then(() => void to.write(chunk));
      });
      from.once('end', () => void sent.then(() => to.end()));
      from.once('error', () => to.destroy());
      from.once('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      if (this.held) from.pause();
    }
  }
}
