import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { type Observable, tap } from 'rxjs';
import { prefersAsync } from './batch-input';
import type { BatchResponse } from '../batch.response';

/** 202 with the place to look at, for what is answered later (RFC 9110 section 15.3.3, RFC 7240 section 4.1). */
@Injectable()
export class AcceptedInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<BatchResponse>): Observable<BatchResponse> {
    const http = context.switchToHttp();
    if (!prefersAsync(http.getRequest<Request>())) return next.handle();
    return next.handle().pipe(
      tap(({ batch_id }) => {
        http
          .getResponse<Response>()
          .status(202)
          .location(`/infer/batch/${batch_id}`)
          .setHeader('Preference-Applied', 'respond-async');
      }),
    );
  }
}
