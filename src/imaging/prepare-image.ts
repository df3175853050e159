import { createHash } from 'node:crypto';
import { DomainError } from '../errors/domain.error';
import { decodeBase64 } from './base64';
import { matchChannels } from './channels';
import { decodeFile } from './decode-file';
import type { Image, ImageFormat, ImageSource, PreparedImage } from './image';
import type { InputSpec, QualitySpec } from './input-spec';
import { assessQuality } from './quality/quality';
import { readRawImage } from './raw-image';
import { resize } from './resize';
import { toTensor } from './tensor';

interface ReceivedImage {
  readonly image: Image;
  readonly format: ImageFormat;
  readonly hash: string;
}

/**
 * From the bytes as they were sent to the tensor of a model. Quality is reported, not acted upon: the policy of the
 * manifest is the caller's to apply.
 * @throws DomainError IMAGE_*, REQUEST_MALFORMED_JSON or VALIDATION_FAILED for what the sender of the image can mend
 */
export function prepareImage(source: ImageSource, input: InputSpec, quality: QualitySpec): PreparedImage {
  if (source.bytes.length === 0) throw new DomainError('IMAGE_EMPTY');
  const { image, format, hash } = receive(source, input);
  const validation = assessQuality(image, quality);
  const matched = matchChannels(image, input.channels);
  const sized = input.resize ? resize(matched, input.resize) : matched;
  return {
    ...toTensor(sized, input),
    image: { width: image.width, height: image.height, format, hash },
    validation,
  };
}

function receive(source: ImageSource, { channels, value_space }: InputSpec): ReceivedImage {
  if (value_space === 'stored' || value_space === 'modality') {
    throw new DomainError(
      'IMAGE_FORMAT_UNSUPPORTED',
      'This model reads values that only a DICOM file carries',
    );
  }
  if (source.form === 'numbers' || source.form === 'float32') {
    const image = readRawImage(source, channels);
    return { image, format: source.form === 'numbers' ? 'json' : 'float32', hash: sha256(image.data) };
  }
  const file = source.form === 'base64' ? decodeBase64(source.bytes) : source.bytes;
  return { ...decodeFile(file), hash: sha256(file) };
}

const sha256 = (bytes: Uint8Array | Float32Array): string => createHash('sha256').update(bytes).digest('hex');
