import { Controller, Get, type Type } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited, NotAudited } from '../audit/audited.decorator';
import { Public, Roles } from '../http/access.decorators';
import { MAY } from '../http/role-matrix';
import { HealthReport } from './health-report.service';
import { HealthReportResponse } from './health.response';

/** For administrators, or for anybody when HEALTH_DETAILS is public: then it is told without the database's help. */
export function healthReportController(isPublic: boolean): Type {
  @ApiTags('Health')
  @Controller('health')
  class HealthReportController {
    constructor(private readonly report: HealthReport) {}

    /** Every component; the worst wins. */
    @ApiOperation({ summary: 'State of every component' })
    @Get()
    @(isPublic ? Public() : Roles(...MAY.administer))
    @(isPublic ? NotAudited() : Audited('system.health_read'))
    @ApiOkResponse({ type: HealthReportResponse })
    full(): Promise<HealthReportResponse> {
      return this.report.full();
    }
  }
  return HealthReportController;
}
