import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IsNewPassword } from './new-password.decorator';

export class ResetPasswordDto {
  @ApiProperty()
  @Matches(/^[A-Za-z0-9_-]{43}$/, {
    message: 'must be a token as POST /users/{id}/reset-password returned it',
  })
  readonly reset_token: string;

  @IsNewPassword()
  readonly new_password: string;
}
