import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { register } from 'prom-client';
import { NotAudited } from '../audit/audited.decorator';
import { Public, Unlimited } from '../http/access.decorators';

/** Only where METRICS_PORT is not set. */
@ApiTags('Health')
@Controller('metrics')
export class MetricsController {
  /** Prometheus' text exposition format 0.0.4. */
  @ApiOperation({ summary: 'Metrics for Prometheus' })
  @Get()
  @Public()
  @Unlimited()
  @NotAudited()
  @Header('Content-Type', register.contentType)
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  metrics(): Promise<string> {
    return register.metrics();
  }
}
