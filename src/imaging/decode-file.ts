import { DomainError } from '../errors/domain.error';
import { foreignFormat } from './foreign-format';
import type { DecodedFile, ImageFormat, RenderedImage } from './image';
import type { InputSpec } from './input-spec';
import { decodeDicom } from './dicom/dicom';
import { decodeJpeg } from './jpeg/jpeg';
import { decodePng } from './png/png';

type FileFormat = 'png' | 'jpeg' | 'dicom';

const MAGIC: readonly { format: FileFormat; offset: number; bytes: readonly number[] }[] = [
  { format: 'png', offset: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { format: 'jpeg', offset: 0, bytes: [0xff, 0xd8, 0xff] },
  // DICOM PS3.10 7.1: 128 bytes of preamble, then DICM.
  { format: 'dicom', offset: 128, bytes: [0x44, 0x49, 0x43, 0x4d] },
];

interface DecodeRequest extends Pick<InputSpec, 'value_space' | 'burned_in'> {
  /** 1-based; needed where a file has more than one. */
  readonly frame?: number;
}

type Decoder = (file: Uint8Array, request: DecodeRequest) => DecodedFile | Promise<DecodedFile>;

/** A format becomes supported by an entry here. */
const DECODERS: Partial<Record<FileFormat, Decoder>> = {
  png: rendered('png', decodePng),
  dicom: decodeDicom,
  jpeg: rendered('jpeg', decodeJpeg),
};

/**
 * Recognises a file by its bytes and decodes it.
 * @throws DomainError IMAGE_FORMAT_UNSUPPORTED, and what the decoder of the format throws
 */
export async function decodeFile(file: Uint8Array, request: DecodeRequest): Promise<DecodedFile> {
  const [found, another] = MAGIC.filter(({ offset, bytes }) =>
    bytes.every((byte, i) => file[offset + i] === byte),
  );
  if (another) throw new DomainError('IMAGE_FORMAT_UNSUPPORTED', 'The file is of two formats at once');
  const decoder = found && DECODERS[found.format];
  if (decoder) return decoder(file, request);
  const supported = `supported: ${Object.keys(DECODERS).join(', ').toUpperCase()}`;
  const name = found?.format.toUpperCase() ?? foreignFormat(file);
  const reason = name === undefined ? 'The format is not known' : `${name} is not supported`;
  throw new DomainError('IMAGE_FORMAT_UNSUPPORTED', `${reason}; ${supported}`);
}

/** Of a format that holds one image and only what is displayed. */
function rendered(format: ImageFormat, decode: (file: Uint8Array) => RenderedImage): Decoder {
  return (file, { value_space, frame = 1 }) => {
    assertRendered(value_space);
    if (frame !== 1) throw new DomainError('IMAGE_FRAME_OUT_OF_RANGE', 'The file holds one image');
    const decoded = decode(file);
    return { ...decoded, format, displayed: decoded.image };
  };
}

/** @throws DomainError IMAGE_FORMAT_UNSUPPORTED */
export function assertRendered(valueSpace: InputSpec['value_space']): void {
  if (valueSpace === 'unit' || valueSpace === 'voi') return;
  throw new DomainError('IMAGE_FORMAT_UNSUPPORTED', 'This model reads values that only a DICOM file carries');
}
