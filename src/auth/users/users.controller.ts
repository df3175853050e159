import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { Audited } from '../../audit/audited.decorator';
import { Roles } from '../../http/access.decorators';
import { CreateUserDto } from './create-user.dto';
import { UserResponse } from './user.response';
import { Users } from './users.service';

@ApiTags('Users')
@Controller('users')
export class UsersController {
  constructor(private readonly users: Users) {}

  @Post()
  @Roles('admin')
  @Audited('user.created')
  @ApiCreatedResponse({ type: UserResponse })
  create(@Body() dto: CreateUserDto): Promise<UserResponse> {
    return this.users.create(dto);
  }
}
