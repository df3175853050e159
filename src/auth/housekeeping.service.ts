import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { deleteInChunks } from '../database/delete-in-chunks';

const INTERVAL_MS = 15 * 60_000;

/** What nobody can use any more, and since when it may go. */
const USELESS: Readonly<Record<string, string>> = {
  refresh_tokens: "family_expires_at < now() - interval '1 day'",
  revoked_tokens: "expires_at < now() - interval '1 hour'",
  used_assertions: "expires_at < now() - interval '1 hour'",
  sso_logins: "expires_at < now() - interval '1 hour'",
  password_resets: "expires_at < now() - interval '30 days'",
};

/** Takes out expired rows, in chunks; any replica may, at any time. */
@Injectable()
export class AuthHousekeeping implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('AuthHousekeeping');
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.clean().catch(() => this.logger.warn({ event: 'auth.housekeeping_failed' }));
    }, INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  async clean(): Promise<void> {
    for (const [table, useless] of Object.entries(USELESS)) {
      await deleteInChunks(this.dataSource, table, useless);
    }
  }
}
