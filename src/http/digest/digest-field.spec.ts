import { expectedDigests } from './digest-field';

/** Of `{"hello": "world"}` and a line feed: RFC 9530, appendix D. */
const SHA_256 = 'RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=';

describe('Content-Digest', () => {
  it('names the digests of known algorithms', () => {
    const value = Buffer.from(SHA_256, 'base64');
    expect(expectedDigests(`sha-256=:${SHA_256}:`)).toEqual([{ algorithm: 'sha256', value }]);
    expect(expectedDigests(`sha-512=:AAAA:\t,  sha-256=:${SHA_256}:;q=1`)).toEqual([
      { algorithm: 'sha256', value },
      { algorithm: 'sha512', value: Buffer.alloc(3) },
    ]);
  });

  it('ignores other algorithms and takes the last of one key', () => {
    expect(expectedDigests(`md5=:AAAA:, unixsum=::, sha-256=:AAAA:, sha-256=:${SHA_256}:`)).toEqual([
      { algorithm: 'sha256', value: Buffer.from(SHA_256, 'base64') },
    ]);
  });

  it.each([
    '',
    SHA_256,
    `sha-256=${SHA_256}`,
    'sha-256',
    `SHA-256=:${SHA_256}:`,
    'sha-256=:AA AA:',
    'sha-256=:AAAA:,',
  ])('refuses %s, which its sender may have meant as a digest', (field) => {
    expect(() => expectedDigests(field)).toThrow(
      expect.objectContaining({ code: 'REQUEST_DIGEST_MALFORMED' }) as Error,
    );
  });
});
