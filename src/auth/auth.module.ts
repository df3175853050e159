import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessTokens } from './tokens/access-tokens';
import { AdminController } from './users/admin.controller';
import { AuthController } from './login/auth.controller';
import { AuthService } from './login/auth.service';
import { FirstAdministrator } from './users/first-administrator';
import { JwksController } from './tokens/jwks.controller';
import { JwtGuard } from './access/jwt.guard';
import { JwtStrategy } from './access/jwt.strategy';
import { LockoutGuard } from './lockout/lockout.guard';
import { Lockout } from './lockout/lockout.service';
import { PasswordReauthentication } from './lockout/password-reauthentication.service';
import { Reauthentication } from '../http/reauthentication';
import { RefreshToken } from './sessions/refresh-token.entity';
import { RevokedToken } from './revocation/revoked-token.entity';
import { RolesGuard } from './access/roles.guard';
import { Sessions } from './sessions/sessions.service';
import { SigningKey } from './tokens/signing-key';
import { User } from './users/user.entity';
import { UsersController } from './users/users.controller';
import { Users } from './users/users.service';

/** Global for `Reauthentication` alone, which features of the same level inject. */
@Global()
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
    { provide: Reauthentication, useClass: PasswordReauthentication },
    RolesGuard,
    Sessions,
    SigningKey,
    Users,
  ],
  exports: [FirstAdministrator, JwtGuard, Reauthentication, RolesGuard, Users],
})
export class AuthModule {}
