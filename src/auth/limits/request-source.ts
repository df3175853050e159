import { isIPv6 } from 'node:net';
import type { Request } from 'express';

/** Who one site or household is to the network: an IPv4 address, or the /64 that an IPv6 customer gets. */
export function sourceOf({ ip = 'unknown' }: Pick<Request, 'ip'>): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  return isIPv6(ip) ? `${groups(ip).slice(0, 4).join(':')}::/64` : ip;
}

function groups(ip: string): string[] {
  const [head = '', tail] = ip.split('%', 1)[0]!.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array<string>(zeros).fill('0'), ...back].map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
}
