import { type ArgumentsHost, Catch, type ExceptionFilter, Logger, NotFoundException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { DomainError } from '../errors/domain.error';
import { ERROR_CODES } from '../errors/error-codes';
import { toDomainError } from '../errors/to-domain-error';
import { allowedMethods } from './edge/allowed-methods';
import { httpErrors } from './http.metrics';
import type { ProblemDetails } from './problem-details.response';
import { PROBLEM_STATUS } from './problem-status';
import { currentRequest } from './request-context';

/** Turns every failure into RFC 9457 problem details. Nothing of the cause reaches the caller. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger('ProblemDetailsFilter');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const allowed = thrown instanceof NotFoundException ? allowedMethods(request) : [];
    const error = allowed.length > 0 ? new DomainError('METHOD_NOT_ALLOWED') : toDomainError(thrown);
    const problem = toProblemDetails(error, currentRequest()?.requestId ?? 'unknown');
    httpErrors.inc({ code: problem.code, category: problem.category });
    if (problem.status >= 500) this.logCause(error);

    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error.retryAfterSeconds !== undefined) response.setHeader('Retry-After', error.retryAfterSeconds);
    if (allowed.length > 0) response.setHeader('Allow', allowed.join(', '));
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="medai-flow"');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }

  /** Name, SQLSTATE and stack frames of the cause; its message may quote values and stays out. */
  private logCause(error: DomainError): void {
    const cause = (error.cause ?? error) as Error & { code?: unknown };
    const frames = cause.stack?.split('\n').filter((line) => /^\s+at /.test(line));
    this.logger.error({
      event: 'request.failed',
      code: error.code,
      cause: cause.name,
      cause_code: typeof cause.code === 'string' ? cause.code : undefined,
      stack: frames?.slice(0, 12).join('\n'),
    });
  }
}

function toProblemDetails(error: DomainError, requestId: string): ProblemDetails {
  const { kind, title } = ERROR_CODES[error.code];
  const { status, category } = PROBLEM_STATUS[kind];
  return {
    type: `/docs/errors#${error.code}`,
    title,
    status,
    code: error.code,
    category,
    detail: error.advice,
    instance: requestId,
    ...(error.errors !== undefined && { errors: [...error.errors] }),
  };
}
