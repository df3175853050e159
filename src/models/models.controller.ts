import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../audit/audited.decorator';
import { AnyRole } from '../http/access.decorators';
import { UuidParam } from '../http/uuid-param.decorator';
import { ListModelsDto } from './list-models.dto';
import { ModelPageResponse, ModelResponse } from './model.response';
import { Models } from './models.service';

@ApiTags('Models')
@Controller('models')
export class ModelsController {
  constructor(private readonly models: Models) {}

  /** Newest first. */
  @Get()
  @AnyRole()
  @Audited('model.listed')
  @ApiOkResponse({ type: ModelPageResponse })
  list(@Query() query: ListModelsDto): Promise<ModelPageResponse> {
    return this.models.list(query);
  }

  @Get(':model_id')
  @AnyRole()
  @Audited('model.read')
  @ApiOkResponse({ type: ModelResponse })
  get(@UuidParam('model_id') id: string): Promise<ModelResponse> {
    return this.models.get(id);
  }
}
