import { DomainError } from '../errors/domain.error';
import { type FileFormat, fileFormatsOf } from './file-format';
import { foreignFormat } from './foreign-format';
import type { DecodedFile, ImageFormat, RenderedImage } from './image';
import type { InputSpec } from './input-spec';
import { decodeDicom } from './dicom/dicom';
import { decodeJpeg } from './jpeg/jpeg';
import { decodePng } from './png/png';

interface DecodeRequest extends Pick<InputSpec, 'value_space' | 'burned_in'> {
  /** 1-based; needed where a file has more than one. */
  readonly frame?: number;
}

type Decoder = (file: Uint8Array, request: DecodeRequest) => DecodedFile | Promise<DecodedFile>;

const DECODERS: Readonly<Record<FileFormat, Decoder>> = {
  png: rendered('png', decodePng),
  jpeg: rendered('jpeg', decodeJpeg),
  dicom: decodeDicom,
};

/**
 * Recognises a file by its bytes and decodes it.
 * @throws DomainError IMAGE_FORMAT_UNSUPPORTED, and what the decoder of the format throws
 */
export async function decodeFile(file: Uint8Array, request: DecodeRequest): Promise<DecodedFile> {
  const [format, another] = fileFormatsOf(file);
  if (another) throw new DomainError('IMAGE_FORMAT_UNSUPPORTED', 'The file is of two formats at once');
  if (format) return DECODERS[format](file, request);
  const foreign = foreignFormat(file);
  throw new DomainError(
    'IMAGE_FORMAT_UNSUPPORTED',
    foreign === undefined
      ? 'The file is not PNG, JPEG or DICOM'
      : `The file is ${foreign}, which is not supported`,
  );
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
