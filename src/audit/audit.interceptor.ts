import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { catchError, concatMap, defer, type Observable } from 'rxjs';
import { DomainError } from '../errors/domain.error';
import { ERROR_CODES } from '../errors/error-codes';
import { toDomainError } from '../errors/to-domain-error';
import { PROBLEM_STATUS } from '../http/problem-status';
import { auditUnavailable } from './audit.metrics';
import { AUDITED, type AuditedActions } from './audited.decorator';
import { AuditTrail } from './audit-trail.service';
import { AuditBacklog } from './sequencer/audit-backlog.service';

const READING = ['GET', 'HEAD'];

/** Opens the entry of every audited route and sees to it that it is written before the answer begins. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly trail: AuditTrail,
    private readonly backlog: AuditBacklog,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const actions = this.reflector.get<AuditedActions | undefined>(AUDITED, context.getHandler());
    if (actions === undefined) return next.handle();

    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    this.trail.open(actions, { route: routeOf(request) });
    return defer(() => {
      this.assertRoom(request, actions);
      return next.handle();
    }).pipe(
      concatMap(async (answer: unknown) => {
        response.setHeader('Audit-Event-Id', await this.trail.close());
        return answer;
      }),
      catchError(async (error: unknown) => this.refuse(error)),
    );
  }

  /** Changes wait while the chain is far behind; what is only read, and who comes and goes, does not. */
  private assertRoom({ method }: Request, { success }: AuditedActions): void {
    if (READING.includes(method) || success.startsWith('auth.') || !this.backlog.isTooLong) return;
    throw new DomainError('AUDIT_UNAVAILABLE', 'Too many audit entries wait to be chained', {
      retryAfterSeconds: 10,
    });
  }

  private async refuse(thrown: unknown): Promise<never> {
    const error = toDomainError(thrown);
    if (error.code === 'AUDIT_UNAVAILABLE') auditUnavailable.inc();
    else await this.trail.recordRefusal(() => this.trail.closeWith(error.code, statusOf(error)));
    throw error;
  }
}

const statusOf = ({ code }: DomainError): number => PROBLEM_STATUS[ERROR_CODES[code].kind].status;

/** `POST /results/:id/review`: the pattern, not what was sent. */
export function routeOf(request: Request): string {
  const { path } = request.route as { path: string };
  return `${request.method} ${path}`;
}
