import { Body, Controller, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../audit/audited.decorator';
import { Roles } from '../../http/access.decorators';
import { CurrentUser, type Principal } from '../../http/principal';
import { MAY } from '../../http/role-matrix';
import { UuidParam } from '../../http/uuid-param.decorator';
import { CreateUserDto } from './create-user.dto';
import { ListUsersDto } from './list-users.dto';
import { UnlockUserDto } from './unlock-user.dto';
import { UpdateUserDto } from './update-user.dto';
import { UserChanges } from './user-changes.service';
import { PasswordResetResponse, UserPageResponse, UserResponse } from './user.response';
import { Users } from './users.service';

@ApiTags('Users')
@Controller('users')
export class UsersController {
  constructor(
    private readonly users: Users,
    private readonly changes: UserChanges,
  ) {}

  @ApiOperation({ summary: 'Create an account' })
  @Post()
  @Roles(...MAY.administer)
  @Audited('user.created')
  @ApiCreatedResponse({ type: UserResponse })
  create(@Body() dto: CreateUserDto): Promise<UserResponse> {
    return this.users.create(dto);
  }

  /** The newest first, with deactivated ones. */
  @ApiOperation({ summary: 'List accounts' })
  @Get()
  @Roles(...MAY.administer)
  @Audited('user.listed')
  @ApiOkResponse({ type: UserPageResponse })
  list(@Query() query: ListUsersDto): Promise<UserPageResponse> {
    return this.users.list(query);
  }

  @ApiOperation({ summary: 'Read an account' })
  @Get(':id')
  @Roles(...MAY.administer)
  @Audited('user.read')
  @ApiOkResponse({ type: UserResponse })
  get(@UuidParam('id') id: string): Promise<UserResponse> {
    return this.users.get(id);
  }

  /** Nobody changes their own role; the last administrator stays one. */
  @ApiOperation({ summary: 'Change an account' })
  @Patch(':id')
  @Roles(...MAY.administer)
  @Audited('user.updated')
  @ApiOkResponse({ type: UserResponse })
  update(
    @CurrentUser() principal: Principal,
    @UuidParam('id') id: string,
    @Body() dto: UpdateUserDto,
  ): Promise<UserResponse> {
    return this.changes.update(principal, id, dto);
  }

  /** Ends a lock before its time. */
  @ApiOperation({ summary: 'Unlock an account' })
  @Post(':id/unlock')
  @HttpCode(200)
  @Roles(...MAY.administer)
  @Audited('user.unlocked')
  @ApiOkResponse({ type: UserResponse })
  unlock(@UuidParam('id') id: string, @Body() dto: UnlockUserDto): Promise<UserResponse> {
    return this.changes.unlock(id, dto);
  }

  /** For good; counts from the next request on. The name is never given to anybody else. */
  @ApiOperation({ summary: 'Deactivate an account' })
  @Post(':id/deactivate')
  @HttpCode(200)
  @Roles(...MAY.administer)
  @Audited('user.deactivated')
  @ApiOkResponse({ type: UserResponse })
  deactivate(@CurrentUser() principal: Principal, @UuidParam('id') id: string): Promise<UserResponse> {
    return this.changes.deactivate(principal, id);
  }

  /** Ends the password and every session of the account; the owner sets a new password with the token. */
  @ApiOperation({ summary: 'Issue a password reset token' })
  @Post(':id/reset-password')
  @HttpCode(200)
  @Roles(...MAY.administer)
  @Audited('user.password_reset')
  @ApiOkResponse({ type: PasswordResetResponse })
  resetPassword(
    @CurrentUser() principal: Principal,
    @UuidParam('id') id: string,
  ): Promise<PasswordResetResponse> {
    return this.changes.resetPassword(principal, id);
  }
}
