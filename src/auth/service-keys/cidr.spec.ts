import { isCidr, isWithin } from './cidr';

describe('address lists of keys', () => {
  it.each(['10.0.0.0/8', '192.0.2.1/32', '0.0.0.0/0', '2001:db8::/32', '::1/128'])('%s is one', (text) => {
    expect(isCidr(text)).toBe(true);
  });
  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', '::/129', 'example.org/8', '10.0.0.0/8 ', '/8', ''])(
    '%s is none',
    (text) => {
      expect(isCidr(text)).toBe(false);
    },
  );
  it('holds IPv4 and IPv6 addresses, also as the socket writes them', () => {
    const list = ['10.1.0.0/16', '2001:db8::/32'];
    expect(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:5::1'].map((ip) => isWithin(ip, list))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['10.2.0.1', '2001:db9::1', 'unknown', undefined].map((ip) => isWithin(ip, list))).toEqual(
      Array(4).fill(false),
    );
  });
});
