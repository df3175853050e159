import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { AuditTrail } from '../../audit/audit-trail.service';
import { routeOf } from '../../audit/audit.interceptor';
import { DomainError } from '../../errors/domain.error';
import { PUBLIC_ROUTE } from '../../http/access.decorators';

/** Who is it? Closed unless the route is `@Public()`. */
@Injectable()
export class JwtGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly trail: AuditTrail,
  ) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.get<boolean>(PUBLIC_ROUTE, context.getHandler())) return true;
    try {
      return (await super.canActivate(context)) as boolean;
    } catch (error) {
      if (error instanceof DomainError && error.code.startsWith('AUTH_')) {
        const request = context.switchToHttp().getRequest<Request>();
        await this.trail.refused(error.code, { route: routeOf(request), http_status: 401 });
      }
      throw error;
    }
  }

  override handleRequest<User>(
    error: unknown,
    user: User | false,
    _info: unknown,
    context: ExecutionContext,
  ): User {
    if (error instanceof Error && user === undefined) throw error; // the look-up failed: not the caller's fault
    if (user) return user;
    const { headers } = context.switchToHttp().getRequest<Request>();
    throw new DomainError(headers.authorization === undefined ? 'AUTH_REQUIRED' : 'AUTH_TOKEN_INVALID');
  }
}
