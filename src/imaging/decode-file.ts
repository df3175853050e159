import { DomainError } from '../errors/domain.error';
import type { Image, ImageFormat } from './image';
import { decodePng } from './png/png';

type FileFormat = 'png' | 'jpeg' | 'dicom';

const MAGIC: readonly { format: FileFormat; offset: number; bytes: readonly number[] }[] = [
  { format: 'png', offset: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { format: 'jpeg', offset: 0, bytes: [0xff, 0xd8, 0xff] },
  // DICOM PS3.10 7.1: 128 bytes of preamble, then DICM.
  { format: 'dicom', offset: 128, bytes: [0x44, 0x49, 0x43, 0x4d] },
];

/** A format becomes supported by an entry here. */
const DECODERS: Partial<Record<FileFormat, { format: ImageFormat; decode: (file: Uint8Array) => Image }>> = {
  png: { format: 'png', decode: decodePng },
};

/**
 * Recognises a file by its bytes and decodes it.
 * @throws DomainError IMAGE_FORMAT_UNSUPPORTED, and what the decoder of the format throws
 */
export function decodeFile(file: Uint8Array): { format: ImageFormat; image: Image } {
  const found = MAGIC.find(({ offset, bytes }) => bytes.every((byte, i) => file[offset + i] === byte));
  const decoder = found && DECODERS[found.format];
  if (decoder) return { format: decoder.format, image: decoder.decode(file) };
  const supported = `supported: ${Object.keys(DECODERS).join(', ').toUpperCase()}`;
  const reason = found ? `${found.format.toUpperCase()} is not supported yet` : 'The format is not known';
  throw new DomainError('IMAGE_FORMAT_UNSUPPORTED', `${reason}; ${supported}`);
}
