import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../audit/audited.decorator';
import { AnyRole, Public } from '../../http/access.decorators';
import { CurrentUser, type Principal } from '../../http/principal';
import { DetailResponse } from '../login/token.response';
import { ChangePasswordDto } from './change-password.dto';
import { PasswordChanges } from './password-changes.service';
import { ResetPasswordDto } from './reset-password.dto';

@ApiTags('Auth')
@Controller('auth/password')
export class PasswordController {
  constructor(private readonly passwords: PasswordChanges) {}

  /** Ends every session of the account. */
  @ApiOperation({ summary: 'Change your own password' })
  @Post()
  @HttpCode(200)
  @AnyRole()
  @Audited('auth.password_changed')
  @ApiOkResponse({ type: DetailResponse })
  async change(@CurrentUser() principal: Principal, @Body() dto: ChangePasswordDto): Promise<DetailResponse> {
    await this.passwords.change(principal, dto.current_password, dto.new_password);
    return { detail: 'Password changed; log in again' };
  }

  /** For the owner of an account whose password an administrator has reset; the token is good once. */
  @ApiOperation({ summary: 'Set a new password with a reset token' })
  @Post('reset')
  @HttpCode(200)
  @Public()
  @Audited('auth.password_changed')
  @ApiOkResponse({ type: DetailResponse })
  async reset(@Body() dto: ResetPasswordDto): Promise<DetailResponse> {
    await this.passwords.reset(dto.reset_token, dto.new_password);
    return { detail: 'Password set; log in' };
  }
}
