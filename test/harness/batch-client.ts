import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

/** Calls one server as one account. */
export class BatchClient {
  constructor(
    readonly url: string,
    private readonly token?: string,
  ) {}

  async call(method: string, path: string, init: Omit<RequestInit, 'method'> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      ...init,
      method,
      headers: { ...(this.token && { Authorization: `Bearer ${this.token}` }), ...init.headers },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  /** @param images what goes into `images`, each as JSON text or as a value */
  send(images: readonly unknown[], { fields = {}, headers = {} }: SendOptions = {}): Promise<Answer> {
    const texts = images.map((image) => (typeof image === 'string' ? image : JSON.stringify(image)));
    const rest = JSON.stringify(fields).slice(1, -1);
    const body = `{"images":[${texts.join(',')}]${rest && `,${rest}`}}`;
    return this.call('POST', '/infer/batch', {
      body,
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  }

  later(images: readonly unknown[], fields: object = {}): Promise<Answer> {
    return this.send(images, { fields, headers: { Prefer: 'respond-async' } });
  }

  /** The batch as soon as `condition` holds of it. */
  async until(id: string, condition: (body: Answer['body']) => boolean): Promise<Answer['body']> {
    for (let tries = 0; tries < 600; tries++) {
      const { body } = await this.get(`/infer/batch/${id}`);
      if (condition(body)) return body;
      await sleep(50);
    }
    throw new Error(`waited in vain for ${condition.toString()}`);
  }

  done(id: string): Promise<Answer['body']> {
    return this.until(id, ({ finished_at }) => finished_at !== null);
  }
}

interface SendOptions {
  readonly fields?: object;
  readonly headers?: Record<string, string>;
}

/** A 64 x 64 image of one value as JSON text, with other fields. */
export function imageText(value: number, fields: object = {}): string {
  const rest = JSON.stringify(fields).slice(1, -1);
  return `{"data":[${Array(64 * 64)
    .fill(value)
    .join()}]${rest && `,${rest}`}}`;
}
