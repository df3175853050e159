import { corruptDicom } from '../dicom-errors';
import { endsWithMarker } from '../pixels/frame-bytes';

/** ITU-T T.87, table C.1; SOI and SOS as in T.81. */
const SOI = 0xffd8;
const SOF55 = 0xfff7;
const SOS = 0xffda;

const MAX_SEGMENTS = 100;

export interface JpegLsHeader {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly precision: number;
  /** The largest error of a sample; 0 is lossless. */
  readonly near: number;
}

/**
 * Reads the frame header of JPEG-LS data, and the start of its first scan.
 * @throws DomainError IMAGE_CORRUPT, also when the end marker is missing
 */
export function readJpegLsHeader(bytes: Uint8Array): JpegLsHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u16 = (offset: number): number => {
    if (offset + 2 > bytes.length) throw corruptDicom('the JPEG-LS data ends early');
    return view.getUint16(offset);
  };
  if (u16(0) !== SOI || !endsWithMarker(bytes))
    throw corruptDicom('the JPEG-LS data has no start or end marker');
  let frame: Omit<JpegLsHeader, 'near'> | undefined;
  for (let offset = 2, segments = 0; segments < MAX_SEGMENTS; segments++) {
    const [marker, length] = [u16(offset), u16(offset + 2)];
    if (marker < 0xff01 || offset + 2 + length > bytes.length) break;
    if (marker === SOF55 && length >= 8 && frame === undefined) {
      const [precision, components] = [bytes[offset + 4]!, bytes[offset + 9]!];
      frame = { precision, height: u16(offset + 5), width: u16(offset + 7), components };
    } else if (marker === SOS && frame !== undefined && length >= 6) {
      // Ns, two bytes a component, NEAR
      return { ...frame, near: bytes[offset + 5 + 2 * bytes[offset + 4]!] ?? 0 };
    }
    offset += 2 + length;
  }
  throw corruptDicom('a wrong JPEG-LS header');
}
