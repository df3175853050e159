import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuditTrail } from '../../audit/audit-trail.service';
import { routeOf } from '../../audit/audit.interceptor';
import { DomainError } from '../../errors/domain.error';
import { PUBLIC_ROUTE, ROUTE_ROLES } from '../../http/access.decorators';
import type { AuthenticatedRequest, Role } from '../../http/principal';
import { refusals } from '../auth.metrics';

/** May they? A route that names no role lets nobody in. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly trail: AuditTrail,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.get<boolean>(PUBLIC_ROUTE, context.getHandler())) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const roles = this.reflector.get<readonly Role[] | undefined>(ROUTE_ROLES, context.getHandler()) ?? [];
    if (request.user !== undefined && roles.includes(request.user.role)) return true;
    refusals.inc({ code: 'AUTH_FORBIDDEN' });
    await this.trail.refused('AUTH_FORBIDDEN', { route: routeOf(request), http_status: 403 });
    throw new DomainError('AUTH_FORBIDDEN', `This route is for: ${roles.join(', ')}`);
  }
}
