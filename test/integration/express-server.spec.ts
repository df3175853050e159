import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { ExpressServer } from '../../src/http/edge/express-server';

describe('ExpressServer', () => {
  let server: Server;
  const adapter = new ExpressServer();
  const app = adapter.getInstance<Express>();

  beforeAll(async () => {
    app.get('/', (request, response) =>
      response.json({ asked: request.query, by: request.get('user-agent') }),
    );
    adapter.initHttpServer();
    server = adapter.getHttpServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/?a=1`;

  it('hands Express requests and responses that have its prototypes already', async () => {
    const prototypes: unknown[] = [];
    server.prependOnceListener('request', (request: IncomingMessage, response: ServerResponse) => {
      prototypes.push(Object.getPrototypeOf(request), Object.getPrototypeOf(response));
    });
    const answer = await fetch(url(), { headers: { 'User-Agent': 'test' } });

    expect(await answer.json()).toEqual({ asked: { a: '1' }, by: 'test' });
    expect(prototypes[0]).toBe(app.request);
    expect(prototypes[1]).toBe(app.response);
  });

  it('hands over what Node would have made', async () => {
    const plain = createServer();
    let theirs: string[] = [];
    server.prependOnceListener('request', (request: IncomingMessage) => (theirs = Object.keys(request)));
    await fetch(url());
    await once(plain.listen(0, '127.0.0.1'), 'listening');
    plain.once('request', (request, response) => response.end(JSON.stringify(Object.keys(request))));
    const nodes = await (await fetch(`http://127.0.0.1:${(plain.address() as AddressInfo).port}/`)).json();
    await new Promise((resolve) => plain.close(resolve));

    expect(theirs).toEqual(nodes);
  });
});
