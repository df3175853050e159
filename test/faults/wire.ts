import { canariesIn } from '../harness/canaries';

/** What a client saw of one request. */
export interface Exchange {
  /** Undefined: no answer. */
  readonly status?: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- whoever asked knows what is answered
  readonly body: any;
  /** The body as it came. */
  readonly text?: string;
  /** `200`, a status with its code, or how the connection ended. */
  readonly saw: string;
}

const PATIENCE_MS = 30_000;

/** How clients reach the server; keeps what no answer may hold. */
export class Wire {
  /** Answers that speak of a patient. */
  readonly leaks: string[] = [];
  /** Refusals without a code. */
  readonly untyped: string[] = [];

  constructor(readonly url: string) {}

  async send(method: string, path: string, token?: string, init: RequestInit = {}): Promise<Exchange> {
    const headers = { ...(token !== undefined && { Authorization: `Bearer ${token}` }), ...init.headers };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    try {
      const response = await fetch(`${this.url}${path}`, { ...init, method, headers, signal });
      return this.read(path, response.status, await response.text());
    } catch (error) {
      return { body: undefined, saw: endOf(error as Error) };
    }
  }

  private read(path: string, status: number, text: string): Exchange {
    if (canariesIn(text).length > 0) this.leaks.push(`${path}: ${text}`);
    const body = JSON.parse(text) as { code?: string };
    if (status < 400) return { status, body, text, saw: String(status) };
    if (body.code === undefined && !path.startsWith('/health/')) this.untyped.push(`${path}: ${text}`);
    return { status, body, text, saw: `${status} ${body.code}` };
  }
}

function endOf({ name, cause }: Error): string {
  if ((cause as { code?: string } | undefined)?.code === 'ECONNREFUSED') return 'connection refused';
  return name === 'TimeoutError' ? 'no answer' : 'connection lost';
}
