import { Body, Controller, Get, HttpCode, Post, Query, Req, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Audited } from '../audit/audited.decorator';
import { Roles } from '../http/access.decorators';
import { CurrentUser, type Principal } from '../http/principal';
import { MAY } from '../http/role-matrix';
import { UuidParam } from '../http/uuid-param.decorator';
import { acceptedFormat, EXPORT_TYPES } from './export/export-format';
import { ExportResultsDto } from './export/export-results.dto';
import { ResultExport } from './export/result-export.service';
import { ListResultsDto } from './list/list-results.dto';
import { ResultList } from './list/result-list.service';
import { ResultPageResponse } from './list/result-page.response';
import { ResultDetailResponse } from './result-detail.response';
import { ReviewResponse } from './review/review.response';
import { ReviewResultDto } from './review/review-result.dto';
import { Reviews } from './review/reviews.service';
import { Results } from './results.service';

@ApiTags('Results')
@Controller('results')
export class ResultsController {
  constructor(
    private readonly pages: ResultList,
    private readonly results: Results,
    private readonly reviews: Reviews,
    private readonly exports: ResultExport,
  ) {}

  /** Newest first. An integration sees what it made itself. */
  @ApiOperation({ summary: 'List results' })
  @Get()
  @Roles(...MAY.readResults)
  @Audited('result.listed')
  @ApiOkResponse({ type: ResultPageResponse })
  list(@CurrentUser() principal: Principal, @Query() query: ListResultsDto): Promise<ResultPageResponse> {
    return this.pages.list(principal, query);
  }

  /** Streamed, NDJSON or CSV; an auditor gets no patient fields. */
  @ApiOperation({ summary: 'Export results' })
  @Get('export')
  @Roles(...MAY.exportResults)
  @Audited('result.exported')
  @ApiProduces(...Object.values(EXPORT_TYPES))
  @ApiOkResponse({ schema: { type: 'string' } })
  export(
    @CurrentUser() principal: Principal,
    @Query() query: ExportResultsDto,
    @Req() request: Request,
  ): StreamableFile {
    return this.exports.open(principal, query, query.format ?? acceptedFormat(request));
  }

  @ApiOperation({ summary: 'Read a result' })
  @Get(':inference_id')
  @Roles(...MAY.readResults)
  @Audited('result.read')
  @ApiOkResponse({ type: ResultDetailResponse })
  get(
    @CurrentUser() principal: Principal,
    @UuidParam('inference_id') id: string,
  ): Promise<ResultDetailResponse> {
    return this.results.get(principal, id);
  }

  /** completed → reviewed → approved. An approval is signed; a correction is a new revision, the old one stays. */
  @ApiOperation({ summary: 'Review a result' })
  @Post(':inference_id/review')
  @HttpCode(200)
  @Roles(...MAY.reviewResults)
  @Audited('result.reviewed')
  @ApiOkResponse({ type: ReviewResponse })
  review(
    @CurrentUser() principal: Principal,
    @UuidParam('inference_id') id: string,
    @Body() request: ReviewResultDto,
  ): Promise<ReviewResponse> {
    return this.reviews.add(principal, id, request);
  }
}
