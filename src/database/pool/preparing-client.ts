import type { Socket } from 'node:net';
import { Client } from 'pg';

/** Uses of a statement on one connection before it is prepared there: PostgreSQL JDBC's `prepareThreshold`. */
const THRESHOLD = 5;
/** Statements that may be prepared at all, so that SQL of endless shapes does not fill the server's memory. */
const MAX_STATEMENTS = 200;

const names = new Map<string, string>();

/**
 * A connection that prepares the statements it sends often: the server parses and plans them once. It ends itself when
 * the server does not answer in time (`query_timeout`), so that nothing waits in line behind a lost statement.
 */
export class PreparingClient extends Client {
  private readonly uses = new Map<string, number>();

  // The overloads of `Client.query` are many; what is not text with parameters passes as it came.
  override query(...args: [never]): never {
    const [text, values, ...rest] = args as unknown[];
    const name = typeof text === 'string' && Array.isArray(values) ? this.nameOf(text) : undefined;
    const query = name === undefined ? args : [{ name, text }, values, ...rest];
    const answer: unknown = super.query(...(query as [never]));
    if (answer instanceof Promise) answer.catch((error: Error) => this.endIfLost(error));
    return answer as never;
  }

  private endIfLost({ message }: Error): void {
    const { connection } = this as unknown as { connection: { stream: Socket } };
    if (message === 'Query read timeout') connection.stream.destroy();
  }

  private nameOf(text: string): string | undefined {
    const uses = (this.uses.get(text) ?? 0) + 1;
    if (uses === 1 && this.uses.size >= MAX_STATEMENTS) return undefined;
    this.uses.set(text, uses);
    return uses > THRESHOLD ? nameOf(text) : undefined;
  }
}

function nameOf(text: string): string {
  const name = names.get(text) ?? `medai_${names.size}`;
  names.set(text, name);
  return name;
}
