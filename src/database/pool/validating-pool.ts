import { Pool, type PoolClient } from 'pg';

type ConnectCallback = (
  error: Error | undefined,
  client?: PoolClient,
  done?: (release?: unknown) => void,
) => void;

const TRUSTED_IDLE_MS = 1_000;

/** A pool that asks a connection which has been idle for a second whether it still lives before handing it out. */
export class ValidatingPool extends Pool {
  private readonly idleSince = new WeakMap<PoolClient, number>();

  constructor(...options: ConstructorParameters<typeof Pool>) {
    super(...options);
    // A connection that is lost while it is handed out, and before who gets it listens, must not end the process: the
    // next query on it fails.
    this.on('connect', (client) => client.on('error', () => undefined));
    this.on('release', (_error: Error, client: PoolClient) => this.idleSince.set(client, performance.now()));
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    const client = this.connectValidated();
    if (callback === undefined) return client;
    client.then(
      (connected) =>
        callback(undefined, connected, (release) => connected.release(release as Error | boolean)),
      (error: Error) => callback(error),
    );
  }

  private async connectValidated(): Promise<PoolClient> {
    for (;;) {
      const client = await super.connect();
      const idleSince = this.idleSince.get(client);
      if (idleSince === undefined || performance.now() - idleSince < TRUSTED_IDLE_MS) return client;
      try {
        await client.query('SELECT 1');
        return client;
      } catch (error) {
        client.release(error as Error);
      }
    }
  }
}
