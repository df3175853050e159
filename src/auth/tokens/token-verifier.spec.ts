import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { type SigningKey, signingKey } from './signing-key';
import type { SigningKeys } from './signing-keys.service';
import { TokenVerifier } from './token-verifier';

const ID = '01900000-0000-7000-8000-000000000000';
const newKey = (): SigningKey => signingKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const ours = newKey();
const foreign = newKey();
let known: readonly SigningKey[] = [ours];

const verifier = new TokenVerifier({
  find: (kid: unknown) => known.find((key) => key.kid === kid)?.publicKey,
} as SigningKeys);

const now = (): number => Math.floor(Date.now() / 1000);
const claims = (): Record<string, unknown> => ({
  iss: 'medai-flow',
  aud: 'medai-flow-api',
  sub: ID,
  sid: ID,
  jti: ID,
  role: 'viewer',
  azver: 0,
  iat: now(),
  nbf: now(),
  exp: now() + 600,
});
const header = { alg: 'ES256', typ: 'at+jwt', kid: ours.kid };
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(payload: unknown = claims(), head: object = header, key: SigningKey = ours): string {
  const signed = `${part(head)}.${part(payload)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function hmacToken(secret: string | Buffer): string {
  const signed = `${part({ ...header, alg: 'HS256' })}.${part(claims())}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const bytesOf = (text: string): string =>
  text
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.');

const pem = ours.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const without = (name: string): Record<string, unknown> => ({ ...claims(), [name]: undefined });

describe('TokenVerifier [R-48]', () => {
  it('accepts a token of ours, again from memory', () => {
    const good = token();
    expect(verifier.verify(good)).toMatchObject({ sub: ID, role: 'viewer' });
    expect(verifier.verify(good)).toMatchObject({ sub: ID, role: 'viewer' });
  });

  it.each<[string, () => string]>([
    ['alg none', () => `${part({ ...header, alg: 'none' })}.${part(claims())}.`],
    ['alg nOnE with our signature', () => token(claims(), { ...header, alg: 'nOnE' })],
    ['no signature', () => token().replace(/[^.]+$/, '')],
    ['HS256 keyed with our public key in PEM', () => hmacToken(pem)],
    [
      'HS256 keyed with our public key in DER',
      () => hmacToken(ours.publicKey.export({ type: 'spki', format: 'der' })),
    ],
    ['HS256 keyed with our JWK', () => hmacToken(JSON.stringify(ours.jwk))],
    ['a foreign key under our kid', () => token(claims(), header, foreign)],
    ['a foreign key under its own kid', () => token(claims(), { ...header, kid: foreign.kid }, foreign)],
    ['an embedded jwk', () => token(claims(), { ...header, jwk: foreign.jwk }, foreign)],
    ['a jku', () => token(claims(), { ...header, jku: 'http://127.0.0.1/keys' })],
    ['an x5u', () => token(claims(), { ...header, x5u: 'http://127.0.0.1/cert' })],
    ['crit', () => token(claims(), { ...header, crit: ['b64'], b64: false })],
    ['a kid that is a path', () => token(claims(), { ...header, kid: '../../etc/passwd' })],
    ['a kid that is SQL', () => token(claims(), { ...header, kid: "' OR 1=1 --" })],
    ['a kid of the prototype', () => token(claims(), { ...header, kid: '__proto__' })],
    ['no kid', () => token(claims(), { alg: 'ES256', typ: 'at+jwt' })],
    ['typ JWT, as an ID token has', () => token(claims(), { ...header, typ: 'JWT' })],
    ['no typ', () => token(claims(), { alg: 'ES256', kid: ours.kid })],
    ['another issuer', () => token({ ...claims(), iss: 'somebody' })],
    ['another audience', () => token({ ...claims(), aud: 'other-api' })],
    ['no audience', () => token(without('aud'))],
    ['an expiry that is past', () => token({ ...claims(), exp: now() - 31 })],
    ['no expiry', () => token(without('exp'))],
    ['a start that is to come', () => token({ ...claims(), nbf: now() + 60 })],
    ['no start', () => token(without('nbf'))],
    ['an issue that is to come', () => token({ ...claims(), iat: now() + 120 })],
    ['no subject', () => token(without('sub'))],
    ['no session', () => token(without('sid'))],
    ['no id', () => token(without('jti'))],
    ['no version', () => token(without('azver'))],
    ['an unknown role', () => token({ ...claims(), role: 'god' })],
    ['roles in a list', () => token({ ...claims(), role: ['admin'] })],
    ['a subject that is no id', () => token({ ...claims(), sub: "' OR 1=1 --" })],
    ['a JWE', () => `${part({ alg: 'dir', enc: 'A256GCM' })}..${part('iv')}.${part('text')}.${part('tag')}`],
    [
      'the JSON form with two signatures',
      () => JSON.stringify({ payload: part(claims()), signatures: [{}, {}] }),
    ],
    ['more than 4 KiB', () => token({ ...claims(), filler: 'x'.repeat(4_096) })],
    ['a payload that is a list', () => token([])],
    ['a payload that is null', () => token(null)],
  ])('refuses %s', (_name, make) => {
    expect(verifier.verify(make())).toBeUndefined();
  });

  it('forgets a token when its key is retired, though it was verified before', () => {
    const good = token();
    expect(verifier.verify(good)).toBeDefined();
    known = [foreign];
    expect(verifier.verify(good)).toBeUndefined();
    known = [ours];
  });

  it('never throws, and accepts nothing that is not signed by us', () => {
    const good = token();
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .tuple(fc.json(), fc.json(), fc.base64String())
        .map(([a, b, c]) => [a, b, c].map((text) => Buffer.from(text).toString('base64url')).join('.')),
      fc
        .tuple(fc.nat(good.length - 1), fc.constantFrom(...'AZaz09-_.'))
        .map(([at, character]) => good.slice(0, at) + character + good.slice(at + 1)),
    );
    expect(verifier.verify(good)).toBeDefined();
    fc.assert(
      fc.property(anything, (text) => {
        const accepted = verifier.verify(text) !== undefined;
        // Base64url has spare bits at the end of a signature: another spelling of the same bytes is the same token.
        expect(accepted && bytesOf(text) !== bytesOf(good)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
