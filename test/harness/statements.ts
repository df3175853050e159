import { Client } from 'pg';
import { currentRequest } from '../../src/http/request-context';

/** Of `ValidatingPool`, on a connection that has been idle: no request asks for it. */
const PROBE = 'SELECT 1';

/** The statements that requests to applications of this process send to the database, by request id, until `stop`. */
export class Statements {
  private readonly sent = new Map<string, string[]>();
  private readonly original = Object.getOwnPropertyDescriptor(Client.prototype, 'query')!;

  constructor() {
    const take = (statement: string): void => this.take(statement);
    const query = this.original.value as (...args: unknown[]) => unknown;
    Object.defineProperty(Client.prototype, 'query', {
      ...this.original,
      value(this: Client, ...args: unknown[]): unknown {
        const [first] = args as [string | { readonly text: string }];
        take(typeof first === 'string' ? first : first.text);
        return Reflect.apply(query, this, args);
      },
    });
  }

  of(requestId: string): readonly string[] {
    return this.sent.get(requestId) ?? [];
  }

  stop(): void {
    Object.defineProperty(Client.prototype, 'query', this.original);
  }

  private take(statement: string): void {
    const request = currentRequest();
    if (request === undefined || statement === PROBE) return;
    this.sent.set(request.requestId, [...this.of(request.requestId), statement.trim()]);
  }
}
