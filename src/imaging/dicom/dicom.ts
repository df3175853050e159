import type { DecodedFile } from '../image';
import type { InputSpec } from '../input-spec';
import { checkBurnedIn } from './burned-in';
import { readPart10 } from './file/part10';
import { identify } from './identification';
import { chooseFrame } from './pixels/frame-bytes';
import { readImagePixel } from './pixels/image-pixel';
import { readFrame } from './pixels/read-frame';
import { renderColour } from './values/colour';
import { renderGrey } from './values/grey';

interface DicomRequest extends Pick<InputSpec, 'value_space' | 'burned_in'> {
  /** 1-based; needed where the file has more than one. */
  readonly frame?: number;
}

/**
 * One frame of a DICOM Part 10 file, in the value space of a model and as it is shown. Sizes are checked before
 * anything is allocated; whatever cannot be decoded for certain is refused.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_ATTRIBUTE_INVALID, IMAGE_FORMAT_UNSUPPORTED, IMAGE_BURNED_IN_ANNOTATION,
 * IMAGE_FRAME_REQUIRED, IMAGE_FRAME_OUT_OF_RANGE, IMAGE_DIMENSIONS_OUT_OF_BOUNDS, IMAGE_ASPECT_RATIO_OUT_OF_BOUNDS
 */
export async function decodeDicom(file: Uint8Array, request: DicomRequest): Promise<DecodedFile> {
  const part10 = readPart10(file);
  const { dataSet, syntax } = part10;
  const identification = identify(dataSet);
  const burnedIn = checkBurnedIn(dataSet, request.burned_in);
  const pixel = readImagePixel(dataSet, syntax);
  const frame = chooseFrame(request.frame, pixel.frames);
  const cells = await readFrame(part10, pixel, frame);
  const { image, displayed, ...done } = pixel.photometric.startsWith('MONOCHROME')
    ? renderGrey(cells, pixel, dataSet, frame, request.value_space)
    : renderColour(cells, pixel, dataSet, request.value_space);
  return {
    format: 'dicom',
    image,
    displayed,
    dicom: {
      transfer_syntax_uid: syntax.uid,
      ...identification,
      frame,
      frames: pixel.frames,
      photometric_interpretation: pixel.photometric,
      bits_stored: pixel.bitsStored,
      pixel_representation: pixel.signed ? 'signed' : 'unsigned',
      ...done,
      burned_in_annotation: burnedIn.burned_in_annotation,
      warnings: [...burnedIn.warnings, ...done.warnings],
    },
  };
}
