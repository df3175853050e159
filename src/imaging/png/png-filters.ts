import { corruptPng } from './png-container';

/**
 * Undoes the filters of rows that have a filter byte each, in place (PNG, 3rd edition, 9.2).
 * @throws DomainError IMAGE_CORRUPT for a filter that does not exist
 */
export function unfilter(bytes: Uint8Array, rowBytes: number, pixelBytes: number): void {
  for (let start = 1, above = -1; start < bytes.length; above = start, start += rowBytes + 1) {
    const filter = bytes[start - 1]!;
    const end = start + rowBytes;
    // Outside the picture everything is 0, so in the first row UP does nothing and PAETH is SUB.
    const first = above < 0;
    if (filter === 1 || (filter === 4 && first)) sub(bytes, start, end, pixelBytes);
    else if (filter === 2 && !first) up(bytes, start, end, above);
    else if (filter === 3) average(bytes, start, end, above, pixelBytes);
    else if (filter === 4) paeth(bytes, start, end, above, pixelBytes);
    else if (filter > 4) throw corruptPng('an unknown filter');
  }
}

function sub(bytes: Uint8Array, start: number, end: number, pixelBytes: number): void {
  for (let i = start + pixelBytes; i < end; i++) bytes[i] = bytes[i]! + bytes[i - pixelBytes]!;
}

function up(bytes: Uint8Array, start: number, end: number, above: number): void {
  for (let i = start, b = above; i < end; i++, b++) bytes[i] = bytes[i]! + bytes[b]!;
}

function average(bytes: Uint8Array, start: number, end: number, above: number, pixelBytes: number): void {
  for (let i = start, b = above; i < end; i++, b++) {
    const left = i - start < pixelBytes ? 0 : bytes[i - pixelBytes]!;
    const top = above < 0 ? 0 : bytes[b]!;
    bytes[i] = bytes[i]! + ((left + top) >> 1);
  }
}

function paeth(bytes: Uint8Array, start: number, end: number, above: number, pixelBytes: number): void {
  const first = start + pixelBytes;
  for (let i = start, b = above; i < first && i < end; i++, b++) bytes[i] = bytes[i]! + bytes[b]!;
  for (let i = first, b = above + pixelBytes; i < end; i++, b++) {
    const left = bytes[i - pixelBytes]!;
    const top = bytes[b]!;
    const corner = bytes[b - pixelBytes]!;
    const toLeft = Math.abs(top - corner);
    const toTop = Math.abs(left - corner);
    const toCorner = Math.abs(left + top - 2 * corner);
    const nearest = toLeft <= toTop && toLeft <= toCorner ? left : toTop <= toCorner ? top : corner;
    bytes[i] = bytes[i]! + nearest;
  }
}
