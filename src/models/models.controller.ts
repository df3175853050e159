import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../audit/audited.decorator';
import { AnyRole } from '../http/access.decorators';
import { UuidParam } from '../http/uuid-param.decorator';
import { ModelHistory } from './lifecycle/model-history.service';
import { TransitionListResponse } from './lifecycle/transition.response';
import { ListModelsDto } from './list-models.dto';
import { ModelPageResponse, ModelResponse } from './model.response';
import { Models } from './models.service';
import { ModelStatsResponse } from './stats/model-stats.response';
import { ModelStats } from './stats/model-stats.service';

@ApiTags('Models')
@Controller('models')
export class ModelsController {
  constructor(
    private readonly models: Models,
    private readonly history: ModelHistory,
    private readonly stats: ModelStats,
  ) {}

  /** Newest first. */
  @ApiOperation({ summary: 'List models' })
  @Get()
  @AnyRole()
  @Audited('model.listed')
  @ApiOkResponse({ type: ModelPageResponse })
  list(@Query() query: ListModelsDto): Promise<ModelPageResponse> {
    return this.models.list(query);
  }

  @ApiOperation({ summary: 'Read a model version' })
  @Get(':model_id')
  @AnyRole()
  @Audited('model.read')
  @ApiOkResponse({ type: ModelResponse })
  get(@UuidParam('model_id') id: string): Promise<ModelResponse> {
    return this.models.get(id);
  }

  /** Every step of the version, oldest first, with the signatures under it and whether they are valid. */
  @ApiOperation({ summary: 'List the transitions of a model version' })
  @Get(':model_id/transitions')
  @AnyRole()
  @Audited('model.read')
  @ApiOkResponse({ type: TransitionListResponse })
  transitions(@UuidParam('model_id') id: string): Promise<TransitionListResponse> {
    return this.history.of(id);
  }

  /** How the version has served: latency, confidence, refused images, drift against its validation. */
  @ApiOperation({ summary: 'Statistics of a model version' })
  @Get(':model_id/stats')
  @AnyRole()
  @Audited('model.read')
  @ApiOkResponse({ type: ModelStatsResponse })
  statistics(@UuidParam('model_id') id: string): Promise<ModelStatsResponse> {
    return this.stats.of(id);
  }
}
