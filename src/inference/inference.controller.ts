import { Controller, HttpCode, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Audited } from '../audit/audited.decorator';
import { Roles } from '../http/access.decorators';
import { BinaryBody } from '../http/body';
import { CurrentUser, type Principal } from '../http/principal';
import { MAY } from '../http/role-matrix';
import { ResultResponse } from '../results/result.response';
import { abandonment } from './abandonment';
import { ApiInferenceBody } from './inference-body.docs';
import { INFERENCE_BODY, MAX_FILE_BYTES, readInferenceInput } from './inference-input';
import { InferenceService } from './inference.service';
import { IdempotentRequests } from './idempotency/idempotent-requests.service';
import { Replays } from './idempotency/replays.service';
import { OpenInferences } from './open/open-inferences.service';

const MULTIPART_LIMITS = { fileSize: MAX_FILE_BYTES, files: 1, fields: 10, fieldSize: 1024, parts: 11 };

@ApiTags('Inference')
@Controller('infer')
export class InferenceController {
  constructor(
    private readonly inference: InferenceService,
    private readonly requests: IdempotentRequests,
    private readonly replays: Replays,
    private readonly open: OpenInferences,
  ) {}

  /** Runs a model on one image. The answer is stored, with its quality checks and its audit entry, before it is sent. */
  @ApiOperation({ summary: 'Run a model on one image' })
  @Post()
  @HttpCode(200)
  @Roles(...MAY.infer)
  @Audited('inference.completed', 'inference.failed', 'inference.abandoned')
  @BinaryBody(INFERENCE_BODY)
  @UseInterceptors(FileInterceptor('file', { limits: MULTIPART_LIMITS }))
  @ApiInferenceBody()
  @ApiOkResponse({ type: ResultResponse })
  infer(
    @CurrentUser() principal: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ResultResponse> {
    return this.requests.answer(
      { principal, request, response },
      {
        run: (id) =>
          this.open.follow({ objectType: 'inference_result', objectId: id, principal }, () =>
            this.inference.infer(principal, readInferenceInput(request), {
              id,
              signal: abandonment(response),
            }),
          ),
        replay: (id) => this.replays.inference(id),
      },
    );
  }
}
