import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessTokens } from './access-tokens';
import { AdminController } from './admin.controller';
import { AuthController } from './auth.controller';
import { AuthService } from './auth.service';
import { FirstAdministrator } from './first-administrator';
import { JwksController } from './jwks.controller';
import { JwtGuard } from './jwt.guard';
import { JwtStrategy } from './jwt.strategy';
import { LockoutGuard } from './lockout.guard';
import { Lockout } from './lockout.service';
import { RefreshToken } from './refresh-token.entity';
import { RevokedToken } from './revoked-token.entity';
import { RolesGuard } from './roles.guard';
import { Sessions } from './sessions.service';
import { SigningKey } from './signing-key';
import { User } from './user.entity';
import { UsersController } from './users.controller';
import { Users } from './users.service';

@Module({
  imports: [TypeOrmModule.forFeature([User, RefreshToken, RevokedToken])],
  controllers: [AuthController, UsersController, AdminController, JwksController],
  providers: [
    AccessTokens,
    AuthService,
    FirstAdministrator,
    JwtGuard,
    JwtStrategy,
    Lockout,
    LockoutGuard,
    RolesGuard,
    Sessions,
    SigningKey,
    Users,
  ],
  exports: [FirstAdministrator, JwtGuard, RolesGuard, Users],
})
export class AuthModule {}
