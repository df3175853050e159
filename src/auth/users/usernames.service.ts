import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const MAX_REMEMBERED = 10_000;

/** Names of accounts. A name never changes, so what was read once holds. */
@Injectable()
export class Usernames {
  private readonly names = new Map<string, string>();

  constructor(private readonly dataSource: DataSource) {}

  async of(userId: string): Promise<string> {
    return this.names.get(userId) ?? this.read(userId);
  }

  private async read(userId: string): Promise<string> {
    const [row] = await this.dataSource.query<[{ username: string }]>(
      'SELECT username FROM users WHERE id = $1',
      [userId],
    );
    if (this.names.size >= MAX_REMEMBERED) this.names.clear();
    this.names.set(userId, row.username);
    return row.username;
  }
}
