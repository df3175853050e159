import { Controller, Get, HttpCode, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { FilesInterceptor } from '@nestjs/platform-express';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Audited } from '../../audit/audited.decorator';
import { Roles } from '../../http/access.decorators';
import { BinaryBody } from '../../http/body';
import { CurrentUser, type Principal } from '../../http/principal';
import { MAY } from '../../http/role-matrix';
import { UuidParam } from '../../http/uuid-param.decorator';
import { abandonment } from '../abandonment';
import { IdempotentRequests } from '../idempotency/idempotent-requests.service';
import { Replays } from '../idempotency/replays.service';
import { OpenInferences } from '../open/open-inferences.service';
import { AcceptedInterceptor } from './request/accepted.interceptor';
import { ApiBatch } from './request/batch-body.docs';
import { BATCH_BODY, prefersAsync, readBatchRequest } from './request/batch-input';
import { BatchSizeInterceptor, MAX_UPLOADS, UPLOAD_OPTIONS } from './request/batch-uploads';
import { BatchResponse } from './batch.response';
import { Batches } from './batches.service';

const NEVER = new AbortController().signal;
/** Whoever gave a key comes back for the answer when the connection breaks: the batch goes on meanwhile. */
const mayBeAskedAgain = (request: Request): boolean => request.get('idempotency-key') !== undefined;

@ApiTags('Inference')
@Controller('infer/batch')
export class BatchesController {
  constructor(
    private readonly batches: Batches,
    private readonly requests: IdempotentRequests,
    private readonly replays: Replays,
    private readonly open: OpenInferences,
  ) {}

  /**
   * Runs a model on each of 1 to 100 images. Each succeeds or fails by itself; the answer keeps their order. With
   * `Prefer: respond-async` the batch is queued and answered at GET /infer/batch/{batch_id}.
   */
  @ApiOperation({ summary: 'Run a model on 1 to 100 images' })
  @Post()
  @HttpCode(200)
  @Roles(...MAY.infer)
  @Audited('batch.submitted')
  @BinaryBody(BATCH_BODY)
  @UseInterceptors(
    AcceptedInterceptor,
    BatchSizeInterceptor,
    FilesInterceptor('file', MAX_UPLOADS, UPLOAD_OPTIONS),
  )
  @ApiBatch()
  submit(
    @CurrentUser() principal: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<BatchResponse> {
    return this.requests.answer(
      { principal, request, response },
      {
        run: (id) =>
          this.open.follow({ objectType: 'inference_batch', objectId: id, principal }, () =>
            this.batches.submit(principal, readBatchRequest(request), {
              id,
              signal: mayBeAskedAgain(request) ? NEVER : abandonment(response),
            }),
          ),
        replay: (id) => this.replays.batch(principal, id, prefersAsync(request)),
      },
    );
  }

  /** A batch of one's own, with the answers there are so far. */
  @ApiOperation({ summary: 'Read a batch and its results' })
  @Get(':batch_id')
  @Roles(...MAY.infer)
  @Audited('batch.read')
  @ApiOkResponse({ type: BatchResponse })
  get(@CurrentUser() principal: Principal, @UuidParam('batch_id') id: string): Promise<BatchResponse> {
    return this.batches.get(principal, id);
  }

  /** Cancels what waits. What is under way is finished, and what is done stays; a second call changes nothing. */
  @ApiOperation({ summary: 'Cancel what has not begun of a batch' })
  @Post(':batch_id/cancel')
  @HttpCode(200)
  @Roles(...MAY.infer)
  @Audited('batch.cancelled')
  @ApiOkResponse({ type: BatchResponse })
  cancel(@CurrentUser() principal: Principal, @UuidParam('batch_id') id: string): Promise<BatchResponse> {
    return this.batches.cancel(principal, id);
  }
}
