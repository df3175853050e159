import { Body, Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Audited } from '../../audit/audited.decorator';
import { AnyRole, Public, Unlimited } from '../../http/access.decorators';
import { CurrentUser, type Principal } from '../../http/principal';
import { AuthService } from './auth.service';
import { LockoutGuard, reservedAttempt } from '../lockout/lockout.guard';
import { LoginDto } from './login.dto';
import { RefreshDto } from './refresh.dto';
import { DetailResponse, TokenResponse } from './token.response';
import { UserResponse } from '../users/user.response';
import { Users } from '../users/users.service';

@ApiTags('Auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly auth: AuthService,
    private readonly users: Users,
  ) {}

  /** Unknown user, wrong password, locked and deactivated get the same answer in the same time. */
  @ApiOperation({ summary: 'Log in' })
  @Post('login')
  @HttpCode(200)
  @Public()
  @UseGuards(LockoutGuard)
  @Audited('auth.login')
  @ApiOkResponse({ type: TokenResponse })
  login(@Req() request: Request, @Body() dto: LoginDto): Promise<TokenResponse> {
    return this.auth.login(reservedAttempt(request), dto.password);
  }

  /** Replaces the refresh token. Sent again within ten seconds it gives the same successor; later it ends the session. */
  @ApiOperation({ summary: 'Exchange a refresh token for new tokens' })
  @Post('refresh')
  @HttpCode(200)
  @Public()
  @Audited('auth.refreshed')
  @ApiOkResponse({ type: TokenResponse })
  refresh(@Body() dto: RefreshDto): Promise<TokenResponse> {
    return this.auth.refresh(dto.refresh_token);
  }

  /** The token is refused everywhere from then on. */
  @ApiOperation({ summary: 'Log out' })
  @Post('logout')
  @HttpCode(200)
  @AnyRole()
  @Unlimited()
  @Audited('auth.logout')
  @ApiOkResponse({ type: DetailResponse })
  async logout(@CurrentUser() principal: Principal): Promise<DetailResponse> {
    await this.auth.logout(principal);
    return { detail: 'Logged out' };
  }

  @ApiOperation({ summary: 'The account that is logged in' })
  @Get('me')
  @AnyRole()
  @Audited('user.read')
  @ApiOkResponse({ type: UserResponse })
  me(@CurrentUser() principal: Principal): Promise<UserResponse> {
    return this.users.me(principal);
  }
}
