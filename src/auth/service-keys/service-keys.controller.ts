import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../audit/audited.decorator';
import { Roles } from '../../http/access.decorators';
import { CurrentUser, type Principal } from '../../http/principal';
import { MAY } from '../../http/role-matrix';
import { UuidParam } from '../../http/uuid-param.decorator';
import { CreateServiceKeyDto } from './create-service-key.dto';
import { ServiceKeyListResponse, ServiceKeyResponse } from './service-key.response';
import { ServiceKeys } from './service-keys.service';

@ApiTags('Users')
@Controller('users/:id/keys')
export class ServiceKeysController {
  constructor(private readonly keys: ServiceKeys) {}

  /** For service accounts; two of a kind may be active at once, so that the old can be replaced by the new. */
  @ApiOperation({ summary: 'Create a key of a service account' })
  @Post()
  @Roles(...MAY.administer)
  @Audited('key.created')
  @ApiCreatedResponse({ type: ServiceKeyResponse })
  create(
    @CurrentUser() principal: Principal,
    @UuidParam('id') id: string,
    @Body() dto: CreateServiceKeyDto,
  ): Promise<ServiceKeyResponse> {
    return this.keys.create(principal, id, dto);
  }

  /** The newest first, with revoked and expired ones. */
  @ApiOperation({ summary: 'List the keys of a service account' })
  @Get()
  @Roles(...MAY.administer)
  @Audited('key.listed')
  @ApiOkResponse({ type: ServiceKeyListResponse })
  list(@UuidParam('id') id: string): Promise<ServiceKeyListResponse> {
    return this.keys.list(id);
  }

  /** Counts from the next request on. */
  @ApiOperation({ summary: 'Revoke a key' })
  @Post(':key_id/revoke')
  @HttpCode(200)
  @Roles(...MAY.administer)
  @Audited('key.revoked')
  @ApiOkResponse({ type: ServiceKeyResponse })
  revoke(@UuidParam('id') id: string, @UuidParam('key_id') keyId: string): Promise<ServiceKeyResponse> {
    return this.keys.revoke(id, keyId);
  }
}
