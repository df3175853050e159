import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { NotAudited } from '../../audit/audited.decorator';
import { Public } from '../../http/access.decorators';
import type { PublicJwk } from './signing-key';
import { SigningKeys } from './signing-keys.service';

@ApiTags('Auth')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  /** The public keys of access tokens (RFC 7517): the current one, the next, and the previous while its tokens count. */
  @ApiOperation({ summary: 'Public keys of the access tokens' })
  @Get('jwks.json')
  @Public()
  @NotAudited()
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOkResponse({ description: 'JWK set' })
  jwks(): { readonly keys: readonly PublicJwk[] } {
    return { keys: this.keys.jwks() };
  }
}
