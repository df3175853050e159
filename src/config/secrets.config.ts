import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './environment';
import type { RuntimeConfig } from './runtime.config';

/** Keys of this installation: from the environment, or (never in production) generated once under DATA_DIR/secrets. */
export class SecretsConfig {
  /** EC P-256 private key that signs access tokens (ES256). */
  readonly jwtSigningKey: KeyObject;
  /** Where that key was read from, so that it can be rotated; undefined when the variable holds the key itself. */
  readonly jwtSigningKeyPath?: string;
  /** HMAC keys that enter password hashes, the newest first; none: hashes without pepper. */
  readonly passwordPeppers: readonly Buffer[];
  /** Ed25519 private key that signs audit checkpoints. */
  readonly auditSigningKey: KeyObject;
  /** The key before it, while a change of keys is under way. */
  readonly previousAuditSigningKey?: KeyObject;
  /** HMAC-SHA-256 key that turns patient identifiers into pseudonyms; at least 32 bytes. */
  readonly pseudonymKey: Buffer;
  /** The keys before it, the newest first: stored pseudonyms stand on them, so they are never given up. */
  readonly previousPseudonymKeys: readonly Buffer[];

  constructor(env: Environment, runtime: RuntimeConfig) {
    const generatedPath = (name: string): string => join(runtime.dataDir, 'secrets', name.toLowerCase());
    const read = (name: string, generate: () => string): string | undefined =>
      env.secret(name) ??
      (runtime.production
        ? env.problem(`${name}: must be set when NODE_ENV is production`)
        : readOrGenerate(generatedPath(name), generate));

    this.jwtSigningKey = privateKey(env, 'JWT_SIGNING_KEY', read('JWT_SIGNING_KEY', generateEcKey), {
      type: 'ec',
      curve: 'prime256v1',
      expected: 'expected a PEM private key on the P-256 curve (PKCS #8)',
    });
    if (env.text('JWT_SIGNING_KEY') === undefined) {
      this.jwtSigningKeyPath = env.text('JWT_SIGNING_KEY_FILE') ?? generatedPath('JWT_SIGNING_KEY');
    }
    this.auditSigningKey = privateKey(
      env,
      'AUDIT_SIGNING_KEY',
      read('AUDIT_SIGNING_KEY', generateEdKey),
      ED25519,
    );
    const previous = env.secret('AUDIT_SIGNING_KEY_PREVIOUS');
    if (previous !== undefined)
      this.previousAuditSigningKey = privateKey(env, 'AUDIT_SIGNING_KEY_PREVIOUS', previous, ED25519);
    const pseudonymKey = read('PSEUDONYM_KEY', generatePseudonymKey);
    this.pseudonymKey = Buffer.from(pseudonymKey ?? '', 'base64');
    if (pseudonymKey !== undefined && this.pseudonymKey.length < 32)
      env.problem('PSEUDONYM_KEY: expected at least 32 bytes in base64');
    this.previousPseudonymKeys = keysOf(env.secret('PSEUDONYM_KEYS_PREVIOUS'));
    const all = [this.pseudonymKey, ...this.previousPseudonymKeys].map((key) => key.toString('base64'));
    if (this.previousPseudonymKeys.some(({ length }) => length < 32) || new Set(all).size < all.length)
      env.problem(
        'PSEUDONYM_KEYS_PREVIOUS: expected the keys before PSEUDONYM_KEY, each at least 32 bytes in base64, the newest first, with commas between them',
      );
    this.passwordPeppers = keysOf(env.secret('PASSWORD_PEPPER'));
    if (this.passwordPeppers.some(({ length }) => length < 32))
      env.problem(
        'PASSWORD_PEPPER: expected at least 32 bytes in base64, the newest first if there are several',
      );
  }
}

/** Between commas, in base64. */
const keysOf = (text = ''): Buffer[] =>
  text
    .split(',')
    .filter(Boolean)
    .map((key) => Buffer.from(key, 'base64'));

interface KeyExpectation {
  readonly type: string;
  readonly curve?: string;
  readonly expected: string;
}

const ED25519: KeyExpectation = {
  type: 'ed25519',
  expected: 'expected a PEM Ed25519 private key (PKCS #8)',
};

const INVALID_KEY = generateKeyPairSync('ed25519').privateKey;

function privateKey(
  env: Environment,
  name: string,
  pem: string | undefined,
  want: KeyExpectation,
): KeyObject {
  if (pem === undefined) return INVALID_KEY;
  try {
    const key = createPrivateKey(pem);
    const fits = key.asymmetricKeyType === want.type && key.asymmetricKeyDetails?.namedCurve === want.curve;
    if (fits) return key;
  } catch {
    // reported below, without the parser's message: it may quote the key
  }
  env.problem(`${name}: ${want.expected}`);
  return INVALID_KEY;
}

const PKCS8 = { type: 'pkcs8', format: 'pem' } as const;
const generateEcKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export(PKCS8).toString();
const generateEdKey = (): string => generateKeyPairSync('ed25519').privateKey.export(PKCS8).toString();
const generatePseudonymKey = (): string => randomBytes(32).toString('base64');

function readOrGenerate(path: string, generate: () => string): string {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, generate(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(path, 'utf8').trim();
}
