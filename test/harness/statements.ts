import { Client } from 'pg';
import { currentRequest } from '../../src/http/request-context';

/** Of `ValidatingPool`, on a connection that has been idle: no request asks for it. */
const PROBE = 'SELECT 1';

/** The statements that requests to applications of this process send to the database, by request id, until `stop`. */
export class Statements {
  private readonly sent = new Map<string, string[]>();
  private readonly query = Client.prototype.query;

  constructor() {
    const { query, sent } = this;
    // The overloads of `Client.query` are many; all of them have the statement first.
    Client.prototype.query = function counted(this: Client, ...args: [never]): never {
      const [first] = args as [string | { readonly text: string }];
      const text = typeof first === 'string' ? first : first.text;
      const request = currentRequest();
      if (request !== undefined && text !== PROBE)
        sent.set(request.requestId, [...(sent.get(request.requestId) ?? []), text.trim()]);
      return Reflect.apply(query, this, args) as never;
    };
  }

  of(requestId: string): readonly string[] {
    return this.sent.get(requestId) ?? [];
  }

  stop(): void {
    Client.prototype.query = this.query;
  }
}
