import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express } from 'express';

/**
 * Express changes the prototype of every request and response, and V8 gives an object whose prototype was changed a hidden
 * class of its own at each property that is added afterwards: nothing is found in a cache, and what is thrown away with
 * the request waits for a full collection. Here they are born with the prototype that Express would give them.
 */
export class ExpressServer extends ExpressAdapter {
  override initHttpServer(): void {
    const app = this.getInstance<Express>();
    this.httpServer = createServer(
      {
        IncomingMessage: bornWith(app.request, IncomingMessage),
        ServerResponse: bornWith(app.response, ServerResponse),
      },
      app,
    );
  }
}

function bornWith<Class>(prototype: object, base: Class): Class {
  function born(...args: unknown[]): object {
    return Reflect.construct(base as new () => object, args, born) as object;
  }
  born.prototype = prototype;
  return born as Class;
}
