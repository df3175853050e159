import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import passport from 'passport';
import { AuditTrail } from '../../audit/audit-trail.service';
import { routeOf } from '../../audit/audit.interceptor';
import { DomainError } from '../../errors/domain.error';
import { PUBLIC_ROUTE } from '../../http/access.decorators';
import type { AuthenticatedRequest, Principal } from '../../http/principal';
import { refusals } from '../auth.metrics';
import { RequestLimits } from '../limits/request-limits.service';
import { apiKeyOf, ApiKeys } from '../service-keys/api-keys.service';
import { JwtStrategy } from './jwt.strategy';

/** Who is it? An access token or the key of a service account. Closed unless the route is `@Public()`. */
@Injectable()
export class JwtGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: RequestLimits,
    private readonly trail: AuditTrail,
    private readonly strategy: JwtStrategy,
    private readonly apiKeys: ApiKeys,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.get<boolean>(PUBLIC_ROUTE, context.getHandler())) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const response = context.switchToHttp().getResponse<Response>();
    const apiKey = apiKeyOf(request);
    request.user =
      apiKey === undefined
        ? await this.bearer(request, response)
        : await this.apiKeys.authenticate(apiKey, request.ip);
    if (request.user !== undefined) return true;

    await this.limits.count(request, response); // a flood of bad tokens must not become a flood of audit entries
    const code = request.headers.authorization === undefined ? 'AUTH_REQUIRED' : 'AUTH_TOKEN_INVALID';
    refusals.inc({ code });
    await this.trail.refused(code, { route: routeOf(request), http_status: 401 });
    throw new DomainError(code, hintFor(request));
  }

  /** @throws what the look-up of the token threw: that is not the caller's fault */
  private bearer(request: AuthenticatedRequest, response: Response): Promise<Principal | undefined> {
    return new Promise((resolve, reject) => {
      const done = (error: unknown, principal?: Principal | false): void => {
        if (error == null) resolve(principal || undefined);
        else reject(error);
      };
      const strategy = Object.create(this.strategy) as JwtStrategy; // passport hangs the callbacks of the request on it
      passport.authenticate(strategy, { session: false }, done)(request, response, reject);
    });
  }
}

/** A key where it is not looked for would otherwise be a riddle. */
function hintFor({ headers }: AuthenticatedRequest): string | undefined {
  const misplaced = headers['x-api-key'] !== undefined || headers.authorization?.startsWith('mf_');
  return misplaced ? 'A key of a service account is sent as `Authorization: Bearer <key>`' : undefined;
}
