import { Controller, Get, Redirect, Req, Res } from '@nestjs/common';
import { ApiFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Audited, NotAudited } from '../../audit/audited.decorator';
import { Public } from '../../http/access.decorators';
import { TokenResponse } from '../login/token.response';
import { browserOf, rememberBrowser } from './browser-cookie';
import { SsoLogin } from './sso-login.service';

@ApiTags('Auth')
@Controller('auth/sso')
export class SsoController {
  constructor(private readonly sso: SsoLogin) {}

  /** Sends a person's browser to the OpenID provider. Only where OIDC_ISSUER is set. */
  @ApiOperation({ summary: 'Start single sign-on' })
  @Get()
  @Public()
  @NotAudited()
  @Redirect()
  @ApiFoundResponse({ description: 'To the provider' })
  async start(@Res({ passthrough: true }) response: Response): Promise<{ url: string }> {
    const start = await this.sso.start();
    rememberBrowser(response, start);
    return { url: start.url };
  }

  /** Where the provider sends the browser back to, with `code` and `state`. */
  @ApiOperation({ summary: 'Where the identity provider returns to' })
  @Get('callback')
  @Public()
  @Audited('auth.login')
  @ApiOkResponse({ type: TokenResponse })
  finish(@Req() request: Request): Promise<TokenResponse> {
    return this.sso.finish(new URL(request.url, 'http://here').search, browserOf(request));
  }
}
