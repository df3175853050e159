import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';

export class RefreshDto {
  @ApiProperty()
  @Matches(/^[A-Za-z0-9_-]{43}$/, { message: 'must be a refresh token as POST /auth/login returned it' })
  readonly refresh_token: string;
}
