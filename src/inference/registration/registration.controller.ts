import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Audited } from '../../audit/audited.decorator';
import { Roles } from '../../http/access.decorators';
import { BinaryBody } from '../../http/body';
import { CurrentUser, type Principal } from '../../http/principal';
import { MAY } from '../../http/role-matrix';
import { UuidParam } from '../../http/uuid-param.decorator';
import { RollBackModelDto, TransitionModelDto } from '../../models/lifecycle/transition-model.dto';
import { TransitionListResponse, TransitionResponse } from '../../models/lifecycle/transition.response';
import { ModelResponse } from '../../models/model.response';
import { MODEL_UPLOAD } from '../../models/upload/model-upload';
import { ModelTransitions } from './model-transitions.service';

@ApiTags('Models')
@Controller('models')
export class RegistrationController {
  constructor(private readonly transitions: ModelTransitions) {}

  /**
   * Registers a version: the file is read, loaded apart from the others and tried on the manifest's golden samples.
   * The same file and manifest again give the version that is there, with 200.
   */
  @ApiOperation({ summary: 'Upload a model' })
  @Post()
  @Roles(...MAY.registerModels)
  @Audited('model.registered')
  @BinaryBody(MODEL_UPLOAD)
  @ApiConsumes('multipart/form-data')
  @ApiHeader({
    name: 'Content-Digest',
    required: false,
    description: 'RFC 9530, of the body or of the file: `sha-256=:<base64>:`',
  })
  @ApiBody({
    schema: {
      type: 'object',
      required: ['manifest', 'file'],
      properties: {
        manifest: { type: 'string', description: 'JSON, as text or as a file; send it first' },
        file: { type: 'string', format: 'binary', description: 'ONNX' },
      },
    },
  })
  @ApiCreatedResponse({ type: ModelResponse })
  @ApiOkResponse({ type: ModelResponse, description: 'The version was there already' })
  register(
    @CurrentUser() principal: Principal,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ModelResponse> {
    return this.transitions.register(principal, request, response);
  }

  /** Takes a version a step further. Steps into and out of production are signed with the approver's password. */
  @ApiOperation({ summary: 'Move a model version to another status' })
  @Post(':model_id/transitions')
  @Roles(...MAY.moveModels)
  @Audited('model.transitioned')
  @ApiCreatedResponse({ type: TransitionResponse })
  transition(
    @CurrentUser() principal: Principal,
    @UuidParam('model_id') id: string,
    @Body() body: TransitionModelDto,
  ): Promise<TransitionResponse> {
    return this.transitions.transition(principal, id, body);
  }

  /** Deprecates a version and puts the one that was promoted before it back into production, in one step. */
  @ApiOperation({ summary: 'Roll back to an earlier version' })
  @Post(':model_id/rollback')
  @HttpCode(200)
  @Roles(...MAY.rollBackModels)
  @Audited('model.transitioned')
  @ApiOkResponse({ type: TransitionListResponse })
  rollBack(
    @CurrentUser() principal: Principal,
    @UuidParam('model_id') id: string,
    @Body() body: RollBackModelDto,
  ): Promise<TransitionListResponse> {
    return this.transitions.rollBack(principal, id, body);
  }
}
