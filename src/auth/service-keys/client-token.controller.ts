import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { Audited } from '../../audit/audited.decorator';
import { Public } from '../../http/access.decorators';
import { BinaryBody, takeBody } from '../../http/body';
import { ClientTokenResponse } from './client-token.response';
import { ClientTokens } from './client-token.service';
import { FORM } from './token-request';

const MAX_BYTES = 16 * 1024;

@ApiTags('Auth')
@Controller('auth/token')
export class ClientTokenController {
  constructor(private readonly tokens: ClientTokens) {}

  /** OAuth 2.0 client credentials with private_key_jwt, for service accounts that registered a public key. */
  @ApiOperation({ summary: 'Exchange a signed client assertion for an access token' })
  @Post()
  @HttpCode(200)
  @Public()
  @BinaryBody({ limits: { [FORM]: MAX_BYTES } })
  @Audited('auth.login')
  @ApiConsumes(FORM)
  @ApiBody({
    schema: {
      type: 'object',
      required: ['grant_type', 'client_assertion_type', 'client_assertion'],
      properties: {
        grant_type: { type: 'string', enum: ['client_credentials'] },
        client_assertion_type: {
          type: 'string',
          enum: ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
        },
        client_assertion: { type: 'string' },
      },
    },
  })
  @ApiOkResponse({ type: ClientTokenResponse })
  issue(@Req() request: Request): Promise<ClientTokenResponse> {
    return this.tokens.issue(takeBody(request));
  }
}
