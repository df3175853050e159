import { createServer, request as send, Agent, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { DomainError } from '../../src/errors/domain.error';
import { readBody } from '../../src/http/read-body';

const LIMIT = 256 * 1024;
let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    readBody(request, LIMIT).then(
      (bytes) =>
        response.end(JSON.stringify({ length: bytes.length, sum: bytes.reduce((a, b) => a + b, 0) })),
      (error: DomainError) => response.writeHead(400).end(error.code),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function post(
  chunks: readonly Buffer[],
  headers: Record<string, string | number>,
  agent?: Agent,
): Promise<string> {
  const request = send({ port, method: 'POST', headers, agent });
  for (const chunk of chunks) request.write(chunk);
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return text;
}

const ones = (length: number): Buffer => Buffer.alloc(length, 1);

describe('the body of a request [R-01]', () => {
  it.each([0, 1, 65_536, 65_537, LIMIT])('%i bytes arrive whole, announced or chunked', async (length) => {
    const whole = JSON.stringify({ length, sum: length });
    expect(await post([ones(length)], { 'Content-Length': length })).toBe(whole);
    const parts = [ones(Math.floor(length / 3)), ones(length - Math.floor(length / 3))];
    expect(await post(parts, { 'Transfer-Encoding': 'chunked' })).toBe(whole);
  });

  it('is refused one byte over the limit, and the connection goes on to serve', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await post([ones(LIMIT + 1)], { 'Content-Length': LIMIT + 1 }, agent)).toBe('REQUEST_TOO_LARGE');
    expect(await post([ones(LIMIT + 1)], { 'Transfer-Encoding': 'chunked' }, agent)).toBe(
      'REQUEST_TOO_LARGE',
    );
    expect(await post([ones(3)], { 'Content-Length': 3 }, agent)).toBe('{"length":3,"sum":3}');
    agent.destroy();
  });

  it('is refused by its announced length before it is sent', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 314572800\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/REQUEST_TOO_LARGE/);
    socket.destroy();
  });

  it('is refused when compressed', async () => {
    expect(await post([ones(3)], { 'Content-Encoding': 'gzip' })).toBe('REQUEST_MEDIA_TYPE_UNSUPPORTED');
  });

  it('is incomplete when the client leaves in the middle', async () => {
    const code = new Promise<string>((resolve) => {
      server.once('request', (request: IncomingMessage) => {
        readBody(request, LIMIT).catch((error: DomainError) => resolve(error.code));
      });
    });
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf', () => socket.destroy());
    expect(await code).toBe('REQUEST_BODY_INCOMPLETE');
  });
});
