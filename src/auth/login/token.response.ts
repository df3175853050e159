import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class TokenResponse {
  @ApiProperty()
  readonly access_token: string;

  @ApiProperty({ enum: ['Bearer'] })
  readonly token_type: 'Bearer';

  @ApiProperty({ description: 'Seconds' })
  readonly expires_in: number;

  @ApiPropertyOptional({ description: 'Not for service accounts' })
  readonly refresh_token?: string;

  @ApiPropertyOptional({ description: 'Seconds' })
  readonly refresh_expires_in?: number;
}

export class DetailResponse {
  @ApiProperty()
  readonly detail: string;
}
