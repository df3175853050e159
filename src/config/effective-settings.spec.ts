import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from './configuration';

const DATA_DIR = mkdtempSync(join(tmpdir(), 'medai-settings-'));
const hashOf = (variables: Record<string, string>): string =>
  loadConfiguration({ DATA_DIR, ...variables }).settings.hash;

describe('effective settings [R-16]', () => {
  it('hash the same whether a default is left out or written down', () => {
    expect(hashOf({ PORT: '3000', LOG_LEVEL: 'info' })).toBe(hashOf({}));
  });

  it('differ with a setting, and do not with a secret', () => {
    expect(hashOf({ LOCKOUT_THRESHOLD: '3' })).not.toBe(hashOf({}));
    const database = (password: string): string =>
      hashOf({ DATABASE_URL: `postgres://app:${password}@db/medai`, ADMIN_PASSWORD: password.repeat(4) });
    expect(database('one-secret')).toBe(database('another-one'));
  });
});
