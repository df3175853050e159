import { DomainError } from '../errors/domain.error';

const PADDING = 0x3d;

/**
 * Base64 with padding (RFC 4648 section 4), no line breaks, no `data:` prefix.
 * @throws DomainError IMAGE_CORRUPT
 */
export function decodeBase64(ascii: Uint8Array): Uint8Array {
  const text = Buffer.from(ascii.buffer, ascii.byteOffset, ascii.byteLength).toString('latin1');
  const decoded = Buffer.from(text, 'base64');
  const padding = ascii.at(-1) !== PADDING ? 0 : ascii.at(-2) !== PADDING ? 1 : 2;
  // Node skips what is not base64 and stops at padding: either shows as missing bytes, as does a length not of fours.
  if (decoded.length === (text.length / 4) * 3 - padding) return decoded;
  throw new DomainError(
    'IMAGE_CORRUPT',
    'The image is not padded base64 without line breaks or data: prefix',
  );
}
