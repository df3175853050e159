import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccountsConfig } from '../../config/accounts.config';
import { Users } from './users.service';

export interface GeneratedCredentials {
  readonly username: string;
  readonly password: string;
}

@Injectable()
export class FirstAdministrator {
  constructor(
    private readonly users: Users,
    private readonly config: AccountsConfig,
  ) {}

  /**
   * Makes the administrator's account if there is no administrator.
   * @returns the credentials when the password was generated: to be shown once, they are stored nowhere
   */
  async ensure(): Promise<GeneratedCredentials | undefined> {
    if (await this.users.hasAdmin()) return undefined;
    const { adminUsername: username, adminPassword } = this.config;
    const password = adminPassword ?? randomBytes(18).toString('base64url');
    await this.users.install(
      {
        username,
        email: `${username}@localhost.localdomain`,
        password,
        role: 'admin',
        full_name: 'Administrator',
      },
      { ownPassword: adminPassword !== undefined },
    );
    return adminPassword === undefined ? { username, password } : undefined;
  }
}
