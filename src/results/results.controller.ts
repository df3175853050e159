import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../audit/audited.decorator';
import { Roles } from '../http/access.decorators';
import { CurrentUser, type Principal } from '../http/principal';
import { UuidParam } from '../http/uuid-param.decorator';
import { ListResultsDto } from './list/list-results.dto';
import { ResultList } from './list/result-list.service';
import { ResultPageResponse } from './list/result-page.response';
import { ResultDetailResponse } from './result.response';
import { Results } from './results.service';

@ApiTags('Results')
@Controller('results')
export class ResultsController {
  constructor(
    private readonly pages: ResultList,
    private readonly results: Results,
  ) {}

  /** Newest first. An integration sees what it made itself. */
  @Get()
  @Roles('clinician', 'viewer', 'integration')
  @Audited('result.listed')
  @ApiOkResponse({ type: ResultPageResponse })
  list(@CurrentUser() principal: Principal, @Query() query: ListResultsDto): Promise<ResultPageResponse> {
    return this.pages.list(principal, query);
  }

  @Get(':inference_id')
  @Roles('clinician', 'viewer', 'integration')
  @Audited('result.read')
  @ApiOkResponse({ type: ResultDetailResponse })
  get(
    @CurrentUser() principal: Principal,
    @UuidParam('inference_id') id: string,
  ): Promise<ResultDetailResponse> {
    return this.results.get(principal, id);
  }
}
