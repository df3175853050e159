import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../audit/audited.decorator';
import { Roles } from '../../http/access.decorators';
import { CurrentUser, type Principal } from '../../http/principal';
import { MAY } from '../../http/role-matrix';
import { DetailResponse } from '../login/token.response';

@ApiTags('Users')
@Controller('admin')
export class AdminController {
  /** Tells an administrator's client that its token opens administrators' routes. */
  @ApiOperation({ summary: 'Check that the caller is an administrator' })
  @Get('secure')
  @Roles(...MAY.administer)
  @Audited('admin.accessed')
  @ApiOkResponse({ type: DetailResponse })
  secure(@CurrentUser() principal: Principal): DetailResponse {
    return { detail: `Administrator ${principal.username}` };
  }
}
