import { AsyncLocalStorage } from 'node:async_hooks';
import type { NextFunction, Response } from 'express';
import { v7 as uuidv7 } from 'uuid';
import type { AuthenticatedRequest, Principal } from './principal';

/** What every layer may want to know of the request it serves, without passing it through every call. */
export class RequestContext {
  readonly ip: string | null;
  readonly userAgent: string | null;

  constructor(
    readonly requestId: string,
    private readonly request: AuthenticatedRequest,
  ) {
    this.ip = request.ip ?? null;
    this.userAgent = request.get('user-agent')?.slice(0, 256) ?? null;
  }

  /** Unknown until a guard has let them in. */
  get principal(): Principal | undefined {
    return this.request.user;
  }
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Visible ASCII without quotes or separators, so that an id is safe in a log line, a header and a URL. */
const WELL_FORMED_ID = /^[A-Za-z0-9._~:-]{8,64}$/;

export const currentRequest = (): RequestContext | undefined => storage.getStore();

/** Does `work` as the server itself, on nobody's behalf. */
export const outsideRequests = <Result>(work: () => Result): Result => storage.exit(work);

/** Express middleware: takes a well-formed X-Request-Id or makes one, returns it, and opens the context. */
export function requestContext(request: AuthenticatedRequest, response: Response, next: NextFunction): void {
  const offered = request.get('x-request-id');
  const requestId = offered !== undefined && WELL_FORMED_ID.test(offered) ? offered : uuidv7();
  response.setHeader('X-Request-Id', requestId);
  storage.run(new RequestContext(requestId, request), next);
}
