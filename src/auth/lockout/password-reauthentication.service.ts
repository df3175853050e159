import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DomainError } from '../../errors/domain.error';
import type { Principal } from '../../http/principal';
import { Reauthentication, type Signatory } from '../../http/reauthentication';
import { User } from '../users/user.entity';
import { Lockout } from './lockout.service';

/** A signature by the password of the account that is logged in. */
@Injectable()
export class PasswordReauthentication implements Reauthentication {
  constructor(
    private readonly dataSource: DataSource,
    private readonly lockout: Lockout,
  ) {}

  async confirm(principal: Principal, password: string): Promise<Signatory> {
    const attempt = await this.lockout.reserve(principal.username);
    if (!(await this.lockout.verify(attempt, password))) throw new DomainError('SIGNATURE_PASSWORD_WRONG');
    const user = await this.dataSource.manager.findOneByOrFail(User, { id: principal.userId });
    if (user.passwordChangedAt === null) throw new DomainError('AUTH_PASSWORD_CHANGE_REQUIRED');
    const { id: userId, username, fullName, role } = user;
    return { userId, username, fullName, role, signedAt: new Date() };
  }
}
