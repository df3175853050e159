import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { AccountsConfig } from '../../config/accounts.config';
import { logins } from '../auth.metrics';
import { RequestLimits } from './request-limits.service';
import type { Policy } from './token-bucket';

/** Failed logins of one source, whatever the accounts: reserved before the password is verified, given back on success. */
@Injectable()
export class LoginLimit {
  private readonly policy: Policy;

  constructor(
    private readonly limits: RequestLimits,
    config: AccountsConfig,
  ) {
    const { loginSourceThreshold: burst, loginSourceWindowSeconds } = config;
    this.policy = { name: 'login', burst, perSecond: burst / loginSourceWindowSeconds };
  }

  /** @throws DomainError RATE_LIMITED */
  async reserve(request: Request): Promise<void> {
    try {
      await this.limits.takeLogin(request, this.policy, 1);
    } catch (error) {
      logins.inc({ method: 'password', outcome: 'limited' });
      throw error;
    }
  }

  succeeded(request: Request): Promise<void> {
    return this.limits.takeLogin(request, this.policy, -1);
  }
}
