export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is what the test asserts
  readonly body: any;
}

/** Calls with JSON bodies. */
export class Client {
  constructor(readonly url: string) {}

  async call(
    method: string,
    path: string,
    options: {
      readonly token?: string;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    } = {},
  ): Promise<Answer> {
    const { token, body, headers } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  get(path: string, token?: string): Promise<Answer> {
    return this.call('GET', path, { token });
  }

  post(path: string, token: string | undefined, body?: unknown): Promise<Answer> {
    return this.call('POST', path, { token, body });
  }

  login(username: string, password: string, headers?: Record<string, string>): Promise<Answer> {
    return this.call('POST', '/auth/login', { body: { username, password }, headers });
  }
}
