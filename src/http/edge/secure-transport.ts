import type { Request, RequestHandler } from 'express';
import type { HttpConfig } from '../../config/http.config';
import { DomainError } from '../../errors/domain.error';

/** Asked from inside, past the proxy. */
const INSIDE = /^\/(health\/|metrics$)/;

/**
 * Express middleware: what reached the proxy in clear text is refused, or, where nothing but the address was given away,
 * sent on to HTTPS. The proxy says so in X-Forwarded-Proto, which is believed of as many proxies as TRUST_PROXY counts.
 */
export function secureTransport({ https, publicUrl }: HttpConfig): RequestHandler {
  return (request, response, next) => {
    if (https === 'off' || request.secure || INSIDE.test(request.path)) return next();
    if (https === 'redirect' && mayBeSentOn(request))
      return response.redirect(308, `${publicUrl}${request.originalUrl}`);
    next(new DomainError('HTTPS_REQUIRED'));
  };
}

const mayBeSentOn = ({ method, headers }: Request): boolean =>
  ['GET', 'HEAD'].includes(method) && headers.authorization === undefined;
