import type { SecretsConfig } from '../config/secrets.config';
import { Pseudonyms } from './pseudonyms';

const [OLDEST, OLDER, NEWEST] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];

const under = (pseudonymKey: Buffer, ...previousPseudonymKeys: Buffer[]): Pseudonyms =>
  new Pseudonyms({ pseudonymKey, previousPseudonymKeys } as unknown as SecretsConfig);

describe('pseudonyms [R-46]', () => {
  it('are as they have always been under a first key', () => {
    // kid: SHA-256("kid" ‖ key); HMAC-SHA-256(key, "pid|MRN-1"), both computed with openssl and base32
    expect(under(OLDEST).of('MRN-1')).toBe('3mgel3ls:3lvpb22k4ugtjfocdjvy7bwzaan6sb2o');
    expect(under(OLDEST).previousKeys).toEqual([]);
  });

  it('are the same for an identifier however it is written, and tell nothing of it', () => {
    const pseudonyms = under(NEWEST, OLDER);
    expect(pseudonyms.of('  MRN\uff0d1 ')).toBe(pseudonyms.of('MRN-1'));
    expect(pseudonyms.of('MRN-1')).toMatch(/^[a-z2-7]{8}:[a-z2-7]{32}$/);
    expect(pseudonyms.of('MRN-1')).not.toBe(pseudonyms.of('MRN-2'));
  });

  it('of a patient are the ones that were stored under each key in its time', () => {
    expect(under(NEWEST, OLDER, OLDEST).allOf('MRN-1')).toEqual([
      under(OLDEST).of('MRN-1'),
      under(OLDER, OLDEST).of('MRN-1'),
      under(NEWEST, OLDER, OLDEST).of('MRN-1'),
    ]);
  });

  it('are renewed from any previous key to what the identifier itself would give', () => {
    const pseudonyms = under(NEWEST, OLDER, OLDEST);
    const current = pseudonyms.of('MRN-1');
    const stored = pseudonyms.allOf('MRN-1');
    expect(pseudonyms.previousKeys.map((key, i) => pseudonyms.renewed(stored[i]!, key))).toEqual([
      current,
      current,
    ]);
    expect(pseudonyms.renewed(current, pseudonyms.currentKey)).toBe(current);
  });

  it('begin with an id that no other order or set of keys has', () => {
    const orders = [
      [NEWEST],
      [NEWEST, OLDER],
      [NEWEST, OLDER, OLDEST],
      [NEWEST, OLDEST, OLDER],
      [OLDEST, OLDER, NEWEST],
    ] as [Buffer, ...Buffer[]][];
    const kids = orders.map((keys) => under(...keys).currentKey.kid);
    expect(new Set(kids).size).toBe(orders.length);
  });
});
