import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../audit/audited.decorator';
import { Roles } from '../../http/access.decorators';
import { CurrentUser, type Principal } from '../../http/principal';
import { MAY } from '../../http/role-matrix';
import { UuidParam } from '../../http/uuid-param.decorator';
import { LegalHoldDto } from './legal-hold.dto';
import { LegalHoldResponse, LegalHoldsResponse } from './legal-hold.response';
import { LegalHolds } from './legal-holds.service';

@ApiTags('Results')
@Controller('results/:inference_id/holds')
export class LegalHoldsController {
  constructor(private readonly holds: LegalHolds) {}

  /** Keeps the result, whatever its time, until this hold and every other on it are released. */
  @ApiOperation({ summary: 'Place a legal hold' })
  @Post()
  @Roles(...MAY.holdResults)
  @Audited('result.held')
  @ApiCreatedResponse({ type: LegalHoldResponse })
  place(
    @CurrentUser() principal: Principal,
    @UuidParam('inference_id') id: string,
    @Body() request: LegalHoldDto,
  ): Promise<LegalHoldResponse> {
    return this.holds.place(principal, id, request);
  }

  /** Without anything of the result itself. */
  @ApiOperation({ summary: 'List the legal holds of a result' })
  @Get()
  @Roles(...MAY.readHolds)
  @Audited('result.read')
  @ApiOkResponse({ type: LegalHoldsResponse })
  list(@UuidParam('inference_id') id: string): Promise<LegalHoldsResponse> {
    return this.holds.of(id);
  }

  /** A result that has expired is marked again, and purged when the grace time is over. */
  @ApiOperation({ summary: 'Release a legal hold' })
  @Post(':hold_id/release')
  @HttpCode(200)
  @Roles(...MAY.holdResults)
  @Audited('result.released')
  @ApiOkResponse({ type: LegalHoldResponse })
  release(
    @CurrentUser() principal: Principal,
    @UuidParam('inference_id') id: string,
    @UuidParam('hold_id') holdId: string,
    @Body() request: LegalHoldDto,
  ): Promise<LegalHoldResponse> {
    return this.holds.release(principal, id, holdId, request);
  }
}
