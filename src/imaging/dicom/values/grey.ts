import type { DicomProcessing, Image } from '../../image';
import type { InputSpec } from '../../input-spec';
import { unsupportedDicom } from '../dicom-errors';
import type { DataSet } from '../file/data-set';
import type { ImagePixel } from '../pixels/image-pixel';
import { functionalGroup } from './functional-groups';
import { readModality } from './modality';
import { readPadding } from './padding';
import { mapped, storedIndices, storedValue } from './stored-value';
import { readVoi } from './voi';

export type Rendered = Pick<
  DicomProcessing,
  'modality_transform' | 'padding' | 'voi' | 'polarity' | 'warnings'
> & {
  /** In the value space that was asked for. */
  readonly image: Image;
  readonly displayed: Image;
};

/**
 * Pixel cells of a MONOCHROME image → values, in the order of the standard: stored value (PS3.5 8.1.1), modality
 * (PS3.3 C.11.1), padding (C.7.5.1.1.2), values of interest (C.11.2), polarity (C.7.6.3.1.2). Every step is a function
 * of the stored value, so each is computed once for every value that Bits Stored can hold.
 * @param frame 1-based
 * @throws DomainError IMAGE_ATTRIBUTE_INVALID, IMAGE_FORMAT_UNSUPPORTED
 */
export function renderGrey(
  cells: Uint16Array,
  pixel: ImagePixel,
  dataSet: DataSet,
  frame: number,
  valueSpace: InputSpec['value_space'],
): Rendered {
  const { width, height, bitsStored, frames } = pixel;
  const modality = readModality(
    functionalGroup(dataSet, 'PixelValueTransformationSequence', frame, frames),
    pixel,
  );
  const voi = readVoi(functionalGroup(dataSet, 'FrameVOILUTSequence', frame, frames), modality);
  const inverted = pixel.photometric === 'MONOCHROME1';
  const warnings = presentationWarnings(dataSet, inverted);

  const indices = storedIndices(cells, pixel);
  const size = 2 ** bitsStored;
  const values = new Float32Array(size);
  const shown = new Float32Array(size);
  for (let index = 0; index < size; index++) {
    const stored = storedValue(index, pixel);
    const unit = voi.apply(modality.apply(stored));
    shown[index] = inverted ? 1 - unit : unit;
    values[index] = valueSpace === 'stored' ? stored : modality.apply(stored);
  }

  const padding = readPadding(dataSet, pixel, indices);
  if (padding !== undefined) {
    for (const index of padding.indices) {
      shown[index] = 0;
      values[index] = values[padding.darkest]!;
    }
  }

  const displayed = { width, height, channels: 1, data: mapped(indices, shown) };
  const rendered = valueSpace === 'unit' || valueSpace === 'voi';
  return {
    image: rendered ? displayed : { ...displayed, data: mapped(indices, values) },
    displayed,
    modality_transform: modality.told,
    padding: padding?.told ?? null,
    voi: voi.told,
    polarity: inverted ? 'inverted' : 'as_stored',
    warnings,
  };
}

/**
 * Presentation LUT Shape repeats what MONOCHROME1 says (PS3.3 C.8.11.3.1.2), so it never inverts a second time; where it
 * says otherwise, Photometric Interpretation holds and the answer tells it.
 */
function presentationWarnings(dataSet: DataSet, inverted: boolean): string[] {
  if (dataSet.items('PresentationLUTSequence').length > 0)
    throw unsupportedDicom('A Presentation LUT Sequence');
  const shape = dataSet.code('PresentationLUTShape');
  if (shape === undefined || (shape === 'INVERSE') === inverted) return [];
  return ['presentation_lut_shape: contradicts Photometric Interpretation, which was followed'];
}
