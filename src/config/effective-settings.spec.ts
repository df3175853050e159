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

  it('name the variables that are nearly known ones, and no value', () => {
    const misspelt = (variables: Record<string, string>): unknown =>
      Object.fromEntries(loadConfiguration({ DATA_DIR, ...variables }).settings.misspelt);
    expect(
      misspelt({
        ACESS_TOKEN_SECONDS: '60',
        LOGLEVEL: 'debug',
        DATABSE_URL_FILE: '/run/secrets/url',
        RETENTION_DAY: '30',
      }),
    ).toEqual({
      ACESS_TOKEN_SECONDS: 'ACCESS_TOKEN_SECONDS',
      LOGLEVEL: 'LOG_LEVEL',
      DATABSE_URL_FILE: 'DATABASE_URL_FILE',
      RETENTION_DAY: 'RETENTION_DAYS',
    });
    expect(
      misspelt({ HOME: '/root', LANG: 'C', HOSTNAME: 'x', REDIS_PORT: 'tcp://x', PATH: '/bin' }),
    ).toEqual({});
    expect(misspelt({ ACCESS_TOKEN_SECONDS: '60', LOG_LEVEL: 'debug' })).toEqual({});
  });

  it('differ with a setting, and do not with a secret', () => {
    expect(hashOf({ LOCKOUT_THRESHOLD: '3' })).not.toBe(hashOf({}));
    const database = (password: string): string =>
      hashOf({ DATABASE_URL: `postgres://app:${password}@db/medai`, ADMIN_PASSWORD: password.repeat(4) });
    expect(database('one-secret')).toBe(database('another-one'));
  });
});
