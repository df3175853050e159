import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService } from '@nestjs/terminus';
import { NotAudited } from '../audit/audited.decorator';
import { Public, Unlimited } from '../http/access.decorators';
import { ProbeResponse, VersionResponse } from './health.response';
import { ProbeIndicator } from './probe.indicator';
import { PRODUCT_VERSION } from '../config/product-version';

const OK: ProbeResponse = { status: 'ok' };

@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly probe: ProbeIndicator,
  ) {}

  /** 200 while the event loop turns. */
  @ApiOperation({ summary: 'Liveness probe' })
  @Get('health/live')
  @Public()
  @Unlimited()
  @NotAudited()
  @ApiOkResponse({ type: ProbeResponse })
  live(): ProbeResponse {
    return OK;
  }

  /** 200 while this replica can do its whole job: migrated, database writable, models warm, audit trail keeping up, not stopping. */
  @ApiOperation({ summary: 'Readiness probe' })
  @Get('health/ready')
  @Public()
  @Unlimited()
  @NotAudited()
  @ApiOkResponse({ type: ProbeResponse })
  async ready(): Promise<ProbeResponse> {
    await this.checks.check([() => this.probe.ready()]);
    return OK;
  }

  /** 200 from the first time on that migration and model load were done. */
  @ApiOperation({ summary: 'Startup probe' })
  @Get('health/startup')
  @Public()
  @Unlimited()
  @NotAudited()
  @ApiOkResponse({ type: ProbeResponse })
  async startup(): Promise<ProbeResponse> {
    await this.checks.check([() => this.probe.startup()]);
    return OK;
  }

  @ApiOperation({ summary: 'Version of the program' })
  @Get('version')
  @Public()
  @Unlimited()
  @NotAudited()
  @ApiOkResponse({ type: VersionResponse })
  version(): VersionResponse {
    return { name: 'medai-flow', version: PRODUCT_VERSION };
  }
}
