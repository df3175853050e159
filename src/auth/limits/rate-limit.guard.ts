import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { UNLIMITED_ROUTE } from '../../http/access.decorators';
import type { AuthenticatedRequest } from '../../http/principal';
import { RequestLimits } from './request-limits.service';

/** How often? Runs when the principal is known. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: RequestLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.get<boolean>(UNLIMITED_ROUTE, context.getHandler())) return true;
    const http = context.switchToHttp();
    await this.limits.count(http.getRequest<AuthenticatedRequest>(), http.getResponse<Response>());
    return true;
  }
}
