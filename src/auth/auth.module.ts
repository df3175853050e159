import { Global, Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { AccountsConfig } from '../config/accounts.config';
import { Reauthentication } from '../http/reauthentication';
import { REDIS } from '../redis/redis.module';
import { JwtGuard } from './access/jwt.guard';
import { JwtStrategy } from './access/jwt.strategy';
import { RolesGuard } from './access/roles.guard';
import { AuthHousekeeping } from './housekeeping.service';
import { LoginLimit } from './limits/login-limit.service';
import { RateLimitGuard } from './limits/rate-limit.guard';
import { RequestLimits } from './limits/request-limits.service';
import { Lockout } from './lockout/lockout.service';
import { LockoutGuard } from './lockout/lockout.guard';
import { PasswordReauthentication } from './lockout/password-reauthentication.service';
import { AuthController } from './login/auth.controller';
import { AuthService } from './login/auth.service';
import { SessionOpening } from './login/session-opening.service';
import { PasswordChanges } from './passwords/password-changes.service';
import { PasswordController } from './passwords/password.controller';
import { Passwords } from './passwords/passwords.service';
import { PostgresRevocationStore } from './revocation/postgres-revocation-store.service';
import { RedisRevocationStore } from './revocation/redis-revocation-store.service';
import { RevocationStore } from './revocation/revocation-store';
import { ApiKeys } from './service-keys/api-keys.service';
import { ClientAssertions } from './service-keys/client-assertions.service';
import { ClientTokenController } from './service-keys/client-token.controller';
import { ClientTokens } from './service-keys/client-token.service';
import { ServiceKeysController } from './service-keys/service-keys.controller';
import { ServiceKeys } from './service-keys/service-keys.service';
import { RedisIndicator } from './redis.indicator';
import { Sessions } from './sessions/sessions.service';
import { SsoAccounts } from './sso/sso-accounts.service';
import { SsoController } from './sso/sso.controller';
import { SsoLogin } from './sso/sso-login.service';
import { SsoProvider } from './sso/sso-provider.service';
import { AccessTokens } from './tokens/access-tokens';
import { JwksController } from './tokens/jwks.controller';
import { SigningKeyRecords } from './tokens/signing-key-records.service';
import { CLOCK_SKEW_SECONDS, SigningKeys } from './tokens/signing-keys.service';
import { TokenVerifier } from './tokens/token-verifier';
import { AdminController } from './access/admin.controller';
import { FirstAdministrator } from './users/first-administrator';
import { UserChanges } from './users/user-changes.service';
import { Usernames } from './users/usernames.service';
import { UsersController } from './users/users.controller';
import { Users } from './users/users.service';

function revocationStore(
  dataSource: DataSource,
  redis: Redis | null,
  { accessTokenSeconds }: AccountsConfig,
): RevocationStore {
  return redis === null
    ? new PostgresRevocationStore(dataSource)
    : new RedisRevocationStore(redis, dataSource, accessTokenSeconds + 2 * CLOCK_SKEW_SECONDS);
}

/** Global for `Reauthentication`, which features of the same level inject. */
@Global()
@Module({
  controllers: [
    AuthController,
    PasswordController,
    ClientTokenController,
    UsersController,
    ServiceKeysController,
    SsoController,
    AdminController,
    JwksController,
  ],
  providers: [
    AccessTokens,
    ApiKeys,
    AuthHousekeeping,
    AuthService,
    ClientAssertions,
    ClientTokens,
    FirstAdministrator,
    JwtGuard,
    JwtStrategy,
    Lockout,
    LockoutGuard,
    LoginLimit,
    PasswordChanges,
    Passwords,
    RateLimitGuard,
    RedisIndicator,
    RequestLimits,
    RolesGuard,
    ServiceKeys,
    SessionOpening,
    Sessions,
    SigningKeyRecords,
    SigningKeys,
    SsoAccounts,
    SsoLogin,
    SsoProvider,
    TokenVerifier,
    UserChanges,
    Usernames,
    Users,
    { provide: Reauthentication, useClass: PasswordReauthentication },
    { provide: RevocationStore, inject: [DataSource, REDIS, AccountsConfig], useFactory: revocationStore },
  ],
  exports: [FirstAdministrator, JwtGuard, RateLimitGuard, Reauthentication, RolesGuard, Users],
})
export class AuthModule implements OnModuleDestroy {
  constructor(@Inject(RevocationStore) private readonly revocations: RevocationStore) {}

  async onModuleDestroy(): Promise<void> {
    await this.revocations.stop();
  }
}
