import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:http';
import express from 'express';
import { bodyDeadline, takesItsTime } from '../../src/http/body';

describe('bodyDeadline', () => {
  let server: Server;
  beforeAll(async () => {
    const app = express();
    app.use(bodyDeadline(100));
    app.post('/slow', (request) => request.resume());
    app.post('/patient', (request, response) => {
      takesItsTime(request);
      request.resume().once('end', () => response.send('whole'));
    });
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  /** Sends half of a body, and the other half once the deadline is over. */
  const send = (path: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      let answer = '';
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nab`);
      setTimeout(() => socket.write('cd'), 300);
      socket.on('data', (chunk) => (answer += chunk.toString())).on('error', () => undefined);
      socket.once('close', () => resolve(answer));
    });

  it('ends the connection of a body that does not come', async () => {
    expect(await send('/slow')).toBe('');
  });

  it('leaves a body alone that takes its time on purpose', async () => {
    expect(await send('/patient')).toContain('whole');
  });
});
