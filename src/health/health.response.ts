import { ApiProperty } from '@nestjs/swagger';
import type { ComponentHealth } from '../components/component-health';

const STATUSES = ['healthy', 'degraded', 'unhealthy'];

export class ProbeResponse {
  @ApiProperty({ enum: ['ok'] })
  readonly status: 'ok';
}

export class VersionResponse {
  @ApiProperty()
  readonly name: string;

  @ApiProperty()
  readonly version: string;
}

export class HealthReportResponse {
  @ApiProperty({ enum: STATUSES, description: 'The worst of all components' })
  readonly status: string;

  @ApiProperty()
  readonly timestamp: string;

  @ApiProperty()
  readonly uptime_seconds: number;

  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly components: Record<string, ComponentHealth>;
}
