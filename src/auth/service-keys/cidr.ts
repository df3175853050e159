import { BlockList, isIP, isIPv6 } from 'node:net';

const CIDR = /^([0-9a-f.:]{2,45})\/(\d{1,3})$/i;

export function isCidr(text: string): boolean {
  const [, address = '', bits = ''] = CIDR.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 6 ? 128 : 32);
}

/** @param cidrs as `isCidr` accepts them */
export function isWithin(ip: string | undefined, cidrs: readonly string[]): boolean {
  const plain = ip?.replace(/^::ffff:(?=\d+\.)/i, '');
  if (plain === undefined || isIP(plain) === 0) return false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address, bits] = cidr.split('/') as [string, string];
    list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
