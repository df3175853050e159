import { SetMetadata } from '@nestjs/common';
import type { Request, RequestHandler } from 'express';
import { DomainError } from '../errors/domain.error';
import { contentDigestVerified, watchContentDigest } from './digest/content-digest';
import { chargeBody } from './edge/body-budget';
import { readBody } from './read-body';

const JSON_LIMIT_BYTES = 256 * 1024;

export interface BodyRule {
  /** Content types that are handed over as bytes, without their parameters, and how many bytes each may have. */
  readonly limits: Readonly<Record<string, number>>;
  /** Content types that a later interceptor of the route reads by itself; the route calls `contentDigestVerified`. */
  readonly streamedTypes?: readonly string[];
}

export const BODY_RULE = Symbol('body rule');
export const BinaryBody = (rule: BodyRule): MethodDecorator => SetMetadata(BODY_RULE, rule);

export const mediaType = (request: Request): string =>
  (request.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const unhurried = new WeakSet<Request>();

/** Express middleware: ends the connection of a body that is not complete in time, so that slow senders hold nothing. */
export function bodyDeadline(ms: number): RequestHandler {
  return (request, response, next) => {
    const deadline = setTimeout(() => {
      if (!request.complete && !unhurried.has(request)) request.socket.destroy();
    }, ms);
    response.once('close', () => clearTimeout(deadline));
    next();
  };
}

/** For a body that is large on purpose; whoever reads it bounds its silence. */
export const takesItsTime = (request: Request): void => void unhurried.add(request);

/** Bodies are read once, when the caller is known to be allowed to send one. */
const bodies = new WeakMap<Request, Promise<unknown>>();

/** The parsed JSON body of a route without a rule. */
export function jsonBody(request: Request): Promise<unknown> {
  let body = bodies.get(request);
  if (body === undefined) {
    body = readJson(request);
    bodies.set(request, body);
  }
  return body;
}

async function readJson(request: Request): Promise<unknown> {
  if (!hasBody(request)) return {};
  if (mediaType(request) !== 'application/json') {
    throw unsupportedType(request, 'application/json');
  }
  const bytes = await readChecked(request, JSON_LIMIT_BYTES);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new DomainError('REQUEST_MALFORMED_JSON');
  }
}

function unsupportedType(request: Request, accepted: string): DomainError {
  const sent = mediaType(request) === '' ? 'The request has no Content-Type' : 'The Content-Type is another';
  return new DomainError('REQUEST_MEDIA_TYPE_UNSUPPORTED', `${sent}; this route takes ${accepted}`);
}

/** The bytes of the body as they came, or undefined if the route's own interceptor reads them. */
export async function rawBody(request: Request, rule: BodyRule): Promise<Buffer | undefined> {
  const type = mediaType(request);
  if (rule.streamedTypes?.includes(type)) {
    chargeBody(request, streamedBytes(request, rule));
    watchContentDigest(request, { later: true });
    return undefined;
  }
  const limit = rule.limits[type];
  if (limit === undefined) {
    const accepted = [...Object.keys(rule.limits), ...(rule.streamedTypes ?? [])].join(', ');
    throw unsupportedType(request, accepted);
  }
  return readChecked(request, limit);
}

/** What a streamed body may take of the memory: nothing where the route keeps no body there. */
function streamedBytes(request: Request, { limits }: BodyRule): number {
  const most = Math.max(0, ...Object.values(limits));
  return Math.min(Number(request.get('content-length') ?? most), most);
}

/** The body, once it is known to be the one that its sender's digest speaks of. */
async function readChecked(request: Request, limit: number): Promise<Buffer> {
  watchContentDigest(request);
  const bytes = hasBody(request) ? await readBody(request, limit) : Buffer.alloc(0);
  contentDigestVerified(request);
  return bytes;
}

/** The bytes that `rawBody` read, for who answers the request: it lets go of them, since a request may outlive its answer. */
export function takeBody(request: Request): Buffer {
  const body = request.body as Buffer;
  request.body = undefined;
  return body;
}
