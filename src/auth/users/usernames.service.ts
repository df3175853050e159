import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const MAX_REMEMBERED = 10_000;

/** Names of accounts. A name never changes, so what was read once holds. */
@Injectable()
export class Usernames {
  private readonly names = new Map<string, string>();

  constructor(private readonly dataSource: DataSource) {}

  /** @returns undefined when there is no such account, as after a restore of the database to an earlier day */
  async of(userId: string): Promise<string | undefined> {
    return this.names.get(userId) ?? this.read(userId);
  }

  private async read(userId: string): Promise<string | undefined> {
    const [row] = await this.dataSource.query<{ username: string }[]>(
      'SELECT username FROM users WHERE id = $1',
      [userId],
    );
    if (row === undefined) return undefined;
    if (this.names.size >= MAX_REMEMBERED) this.names.clear();
    this.names.set(userId, row.username);
    return row.username;
  }
}
