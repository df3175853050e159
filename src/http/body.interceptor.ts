import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { BODY_RULE, type BodyRule, jsonBody, rawBody } from './body';

/** Reads the body after the guards have let the caller in and after the audit entry is open. */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    if (['POST', 'PUT', 'PATCH'].includes(request.method)) {
      const rule = this.reflector.get<BodyRule | undefined>(BODY_RULE, context.getHandler());
      request.body = rule === undefined ? await jsonBody(request) : await rawBody(request, rule);
    }
    return next.handle();
  }
}
