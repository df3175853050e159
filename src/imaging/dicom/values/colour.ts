import type { InputSpec } from '../../input-spec';
import { invalidAttribute, unsupportedDicom } from '../dicom-errors';
import type { DataSet } from '../file/data-set';
import type { ImagePixel } from '../pixels/image-pixel';
import type { Rendered } from './grey';
import { type LookupTable, readLookupTable } from './lookup-table';
import { mapped, storedIndices } from './stored-value';

/**
 * Pixel cells of a colour image → RGB. Modality, padding and window are of MONOCHROME images only (PS3.3 C.11).
 * @throws DomainError IMAGE_ATTRIBUTE_INVALID, IMAGE_FORMAT_UNSUPPORTED
 */
export function renderColour(
  cells: Uint16Array,
  pixel: ImagePixel,
  dataSet: DataSet,
  valueSpace: InputSpec['value_space'],
): Rendered {
  const indices = storedIndices(cells, pixel);
  const { rgb, bits } = toRgb(indices, pixel, dataSet);
  const max = 2 ** bits - 1;
  const units = Float32Array.from({ length: max + 1 }, (_, sample) => sample / max);
  const displayed = { width: pixel.width, height: pixel.height, channels: 3, data: mapped(rgb, units) };
  const rendered = valueSpace === 'unit' || valueSpace === 'voi';
  return {
    image: rendered ? displayed : { ...displayed, data: new Float32Array(rgb) },
    displayed,
    modality_transform: null,
    padding: null,
    voi: { function: 'IDENTITY', low: 0, high: max },
    polarity: 'as_stored',
    warnings: [],
  };
}

function toRgb(
  indices: Uint16Array,
  pixel: ImagePixel,
  dataSet: DataSet,
): { rgb: Uint16Array; bits: number } {
  if (pixel.photometric === 'PALETTE COLOR') return fromPalette(indices, dataSet);
  const isYbr = pixel.photometric === 'YBR_FULL' || pixel.photometric === 'YBR_FULL_422';
  return { rgb: isYbr ? fromYbr(indices) : indices, bits: pixel.bitsStored };
}

/** PS3.3 C.7.6.3.1.2 (ITU-R BT.601 over the full range), rounded and clipped to 8 bits. */
function fromYbr(ybr: Uint16Array): Uint16Array {
  const rgb = new Uint8ClampedArray(ybr.length);
  for (let i = 0; i < rgb.length; i += 3) {
    const [y, b, r] = [ybr[i]!, ybr[i + 1]! - 128, ybr[i + 2]! - 128];
    rgb[i] = y + 1.402 * r;
    rgb[i + 1] = y - 0.344136 * b - 0.714136 * r;
    rgb[i + 2] = y + 1.772 * b;
  }
  return new Uint16Array(rgb);
}

function fromPalette(indices: Uint16Array, dataSet: DataSet): { rgb: Uint16Array; bits: number } {
  const tables = (['Red', 'Green', 'Blue'] as const).map((colour) => {
    const data = `${colour}PaletteColorLookupTableData` as const;
    if (dataSet.bytes(data) === undefined) {
      if (dataSet.bytes('SegmentedRedPaletteColorLookupTableData'))
        throw unsupportedDicom('A segmented palette');
      throw invalidAttribute(data, 'missing');
    }
    return readLookupTable(dataSet, [`${colour}PaletteColorLookupTableDescriptor`, data], false);
  }) as [LookupTable, LookupTable, LookupTable];
  const { bits } = tables[0];
  if (tables.some((table) => table.bits !== bits)) {
    throw invalidAttribute('GreenPaletteColorLookupTableDescriptor', 'the three tables differ in bits');
  }
  const rgb = new Uint16Array(indices.length * 3);
  for (let i = 0; i < indices.length; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = tables[c]!.lookUp(indices[i]!);
  }
  return { rgb, bits };
}
