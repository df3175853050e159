import { ApiProperty } from '@nestjs/swagger';

export class ClientTokenResponse {
  @ApiProperty()
  readonly access_token: string;

  @ApiProperty({ enum: ['Bearer'] })
  readonly token_type: 'Bearer';

  @ApiProperty({ description: 'Seconds' })
  readonly expires_in: number;
}
