import { SetMetadata } from '@nestjs/common';
import { raw } from 'express';
import type { Request, Response } from 'express';
import { DomainError } from '../errors/domain.error';

const JSON_LIMIT_BYTES = 256 * 1024;

export interface BodyRule {
  /** Content types that are handed over as bytes, without their parameters, and how many bytes each may have. */
  readonly limits: Readonly<Record<string, number>>;
  /** Content types that a later interceptor of the route reads by itself. */
  readonly streamedTypes?: readonly string[];
}

export const BODY_RULE = Symbol('body rule');
export const BinaryBody = (rule: BodyRule): MethodDecorator => SetMetadata(BODY_RULE, rule);

export const mediaType = (request: Request): string =>
  (request.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Bodies are read once, when the caller is known to be allowed to send one. */
const bodies = new WeakMap<Request, Promise<unknown>>();

/** The parsed JSON body of a route without a rule. */
export function jsonBody(request: Request, response: Response): Promise<unknown> {
  let body = bodies.get(request);
  if (body === undefined) {
    body = readJson(request, response);
    bodies.set(request, body);
  }
  return body;
}

async function readJson(request: Request, response: Response): Promise<unknown> {
  if (!hasBody(request)) return {};
  if (mediaType(request) !== 'application/json') {
    throw new DomainError('REQUEST_MEDIA_TYPE_UNSUPPORTED', 'This route takes application/json');
  }
  const bytes = await readBytes(request, response, JSON_LIMIT_BYTES);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new DomainError('REQUEST_MALFORMED_JSON');
  }
}

/** The bytes of the body as they came, or undefined if the route's own interceptor reads them. */
export async function rawBody(
  request: Request,
  response: Response,
  rule: BodyRule,
): Promise<Buffer | undefined> {
  const type = mediaType(request);
  if (rule.streamedTypes?.includes(type)) return undefined;
  const limit = rule.limits[type];
  if (limit === undefined) {
    const accepted = [...Object.keys(rule.limits), ...(rule.streamedTypes ?? [])].join(', ');
    throw new DomainError('REQUEST_MEDIA_TYPE_UNSUPPORTED', `This route takes ${accepted}`);
  }
  return hasBody(request) ? readBytes(request, response, limit) : Buffer.alloc(0);
}

async function readBytes(request: Request, response: Response, limit: number): Promise<Buffer> {
  await new Promise<void>((resolve, reject) => {
    raw({ limit, inflate: false, type: () => true })(request, response, (error?: unknown) =>
      error === undefined ? resolve() : reject(withLimit(error, limit)),
    );
  });
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function withLimit(error: unknown, limit: number): unknown {
  const tooLarge = (error as { type?: unknown }).type === 'entity.too.large';
  return tooLarge ? new DomainError('REQUEST_TOO_LARGE', `The limit is ${limit} bytes`) : error;
}
