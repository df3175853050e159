import { DomainError } from '../errors/domain.error';
import { decodeBase64 } from './base64';
import { matchChannels } from './channels';
import { assertRendered, decodeFile } from './decode-file';
import type { ImageSource, PreparedImage, ReceivedImage } from './image';
import type { InputSpec, QualitySpec } from './input-spec';
import { describeProcessing, sha256 } from './processing';
import { assessQuality } from './quality/quality';
import { readRawImage } from './raw/raw-image';
import { resize } from './resize/resize';
import { toTensor } from './tensor';

/**
 * From the bytes as they were sent to the tensor of a model. Quality is reported, not acted upon: the policy of the
 * manifest is the caller's to apply.
 * @throws DomainError IMAGE_*, REQUEST_MALFORMED_JSON or VALIDATION_FAILED for what the sender of the image can mend
 */
export async function prepareImage(
  source: ImageSource,
  input: InputSpec,
  quality: QualitySpec,
): Promise<PreparedImage> {
  if (source.bytes.length === 0) throw new DomainError('IMAGE_EMPTY');
  const received = await receive(source, input);
  const { image, displayed, format, hash, dicom } = received;
  const validation = assessQuality(displayed, quality, dicom?.modality);
  const matched = matchChannels(image, input.channels);
  const sized = input.resize ? resize(matched, input.resize) : matched;
  return {
    ...toTensor(sized, input),
    image: { width: image.width, height: image.height, format, hash },
    validation: { ...validation, warnings: [...validation.warnings, ...(dicom?.warnings ?? [])] },
    processing: describeProcessing(source, received, input),
  };
}

async function receive(source: ImageSource, input: InputSpec): Promise<ReceivedImage> {
  if (source.form === 'numbers' || source.form === 'float32') {
    assertRendered(input.value_space);
    const image = readRawImage(source, input.channels);
    const format = source.form === 'numbers' ? 'json' : 'float32';
    return { image, displayed: image, format, hash: sha256(image.data) };
  }
  const file = source.form === 'base64' ? decodeBase64(source.bytes) : source.bytes;
  return { ...(await decodeFile(file, { ...input, frame: source.frame })), hash: sha256(file) };
}
