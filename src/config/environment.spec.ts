import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from './configuration';
import { ConfigurationError } from './environment';

const dataDir = (): string => mkdtempSync(join(tmpdir(), 'medai-config-'));

function problemsOf(variables: Record<string, string>): readonly string[] {
  try {
    loadConfiguration({ DATA_DIR: dataDir(), ...variables });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('configuration [R-16] [R-17]', () => {
  it('works with nothing set and listens on loopback only', () => {
    const { http, runtime, database } = loadConfiguration({ DATA_DIR: dataDir() });
    expect(http).toMatchObject({ port: 3000, host: '127.0.0.1', docs: true, trustedProxyHops: 0 });
    expect(runtime).toMatchObject({ production: false, demo: true, logLevel: 'info' });
    expect(database).toMatchObject({
      url: undefined,
      poolSize: 10,
      poolTimeoutSeconds: 30,
      poolRecycleSeconds: 3600,
    });
  });

  it('names every bad variable at once and quotes no value', () => {
    const problems = problemsOf({
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://root:hunter2@db/x',
      LOCKOUT_THRESHOLD: '0',
      TRUST_PROXY: 'yes',
    });
    expect(problems.map((problem) => problem.split(':')[0]!).sort()).toEqual([
      'DATABASE_URL',
      'LOCKOUT_THRESHOLD',
      'LOG_LEVEL',
      'PORT',
      'TRUST_PROXY',
    ]);
    expect(problems.join()).not.toMatch(/eighty|loud|hunter2|mysql|yes/);
  });

  it('refuses a setting that this version could not honour', () => {
    expect(problemsOf({ ENGINE_URL: 'http://triton:8000' })).toEqual([
      'ENGINE_URL: remote engines are not supported by this version; unset it to use the local engine',
    ]);
  });

  it('reads which model answers by default, for all domains and for one', () => {
    const modelsOf = (DEFAULT_MODEL: string): object =>
      loadConfiguration({ DATA_DIR: dataDir(), DEFAULT_MODEL }).models;
    expect(modelsOf('chest')).toMatchObject({ defaultModel: 'chest' });
    expect(modelsOf('chest@1.2.0, dermatology=skin')).toMatchObject({
      defaultModel: 'chest@1.2.0',
      defaultModels: new Map([
        ['', 'chest@1.2.0'],
        ['dermatology', 'skin'],
      ]),
    });
    for (const bad of ['a=b=c', 'a,b', 'a@1@2']) {
      expect(problemsOf({ DEFAULT_MODEL: bad })[0]).toMatch(/^DEFAULT_MODEL: expected/);
    }
  });

  it('reads where the model files are, and quotes no key', () => {
    const ARTIFACT_STORE_URL = 'https://key:s%2Fcret@s3.example/bucket/some/prefix?region=eu-central-1';
    expect(loadConfiguration({ DATA_DIR: dataDir(), ARTIFACT_STORE_URL }).models.s3).toEqual({
      endpoint: 'https://s3.example',
      region: 'eu-central-1',
      bucket: 'bucket',
      prefix: 'some/prefix/',
      accessKeyId: 'key',
      secretAccessKey: 's/cret',
    });
    expect(problemsOf({ ARTIFACT_STORE_URL: 'https://key:hunter2@s3.example' }).join()).not.toContain(
      'hunter2',
    );
    expect(problemsOf({ ARTIFACT_STORE_URL: 'https://s3.example/bucket' })).toHaveLength(1);
  });

  it('reads a secret from the file that NAME_FILE points to', () => {
    const file = join(dataDir(), 'database-url');
    writeFileSync(file, 'postgres://app:secret@db/medai\n');
    expect(loadConfiguration({ DATA_DIR: dataDir(), DATABASE_URL_FILE: file }).database.url).toBe(
      'postgres://app:secret@db/medai',
    );
    expect(problemsOf({ DATABASE_URL_FILE: '/nowhere' })).toEqual([
      'DATABASE_URL_FILE: the file cannot be read',
    ]);
    expect(problemsOf({ DATABASE_URL_FILE: file, DATABASE_URL: 'postgres://x/y' })).toEqual([
      'DATABASE_URL: set it or DATABASE_URL_FILE, not both',
    ]);
  });

  it('refuses another NODE_ENV, which would be a demonstration', () => {
    expect(problemsOf({ NODE_ENV: 'prod' })).toEqual([
      'NODE_ENV: expected one of development, test, production',
    ]);
  });

  it('refuses embedded PostgreSQL, generated secrets, a generated password and the demo in production', () => {
    const problems = problemsOf({ NODE_ENV: 'production', DEMO: 'on' });
    expect(problems.map((problem) => problem.split(':')[0]!).sort()).toEqual([
      'ADMIN_PASSWORD',
      'AUDIT_SIGNING_KEY',
      'DATABASE_URL',
      'DEMO',
      'JWT_SIGNING_KEY',
      'PSEUDONYM_KEY',
    ]);
  });

  it.each([
    ['a file', __filename],
    ['what is below a file', join(__filename, 'data')],
    ['what cannot be made', '/proc/nowhere/data'],
    ['where nothing can be made', '/proc'],
  ])('refuses %s as DATA_DIR at once, in a line that says why', (_what, directory) => {
    for (const NODE_ENV of ['', 'production']) {
      const problems = problemsOf({ DATA_DIR: directory, NODE_ENV });
      expect(problems).toEqual([
        expect.stringMatching(/^DATA_DIR: expected a directory that can be written to \([a-z -]+\)$/),
      ]);
    }
  });

  it('makes DATA_DIR with the directories above it, and leaves nothing of its own there', () => {
    const directory = join(dataDir(), 'a', 'b');
    loadConfiguration({ DATA_DIR: directory });
    expect(readdirSync(directory)).toEqual(['secrets']);
  });

  it('keeps generated secrets for the next start, readable by the owner alone', () => {
    const directory = dataDir();
    const first = loadConfiguration({ DATA_DIR: directory }).secrets;
    const second = loadConfiguration({ DATA_DIR: directory }).secrets;
    expect(second.jwtSigningKey.equals(first.jwtSigningKey)).toBe(true);
    expect(second.pseudonymKey.equals(first.pseudonymKey)).toBe(true);
    const path = join(directory, 'secrets', 'jwt_signing_key');
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(readFileSync(path, 'utf8')).toContain('PRIVATE KEY');
  });

  it.each(['c2hvcnQ=', 'CURRENT', 'OLDER,OLDER', 'OLDER,c2hvcnQ='])(
    'refuses PSEUDONYM_KEYS_PREVIOUS=%s: short keys, and keys that come twice',
    (previous) => {
      const [current, older] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [
        string,
        string,
      ];
      const keys = previous.replaceAll('CURRENT', current).replaceAll('OLDER', older);
      expect(problemsOf({ PSEUDONYM_KEY: current, PSEUDONYM_KEYS_PREVIOUS: keys })).toEqual([
        expect.stringMatching(/^PSEUDONYM_KEYS_PREVIOUS: expected the keys before PSEUDONYM_KEY/),
      ]);
      expect(problemsOf({ PSEUDONYM_KEY: current, PSEUDONYM_KEYS_PREVIOUS: older })).toEqual([]);
    },
  );

  it('refuses a key of the wrong kind without quoting it', () => {
    const edKey = readFileSync(join(generated(), 'secrets', 'audit_signing_key'), 'utf8');
    const problems = problemsOf({ JWT_SIGNING_KEY: edKey, PSEUDONYM_KEY: 'c2hvcnQ=' });
    expect(problems).toEqual([
      'JWT_SIGNING_KEY: expected a PEM private key on the P-256 curve (PKCS #8)',
      'PSEUDONYM_KEY: expected at least 32 bytes in base64',
    ]);
  });
});

function generated(): string {
  const directory = dataDir();
  loadConfiguration({ DATA_DIR: directory });
  return directory;
}
