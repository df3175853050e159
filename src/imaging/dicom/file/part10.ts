import { inflateRawSync } from 'node:zlib';
import { corruptDicom, invalidAttribute, unsupportedDicom } from '../dicom-errors';
import type { DataSet } from './data-set';
import { DataSetReader } from './data-set-reader';
import { type TransferSyntax, transferSyntaxOf } from './transfer-syntaxes';

/** PS3.10 7.1: preamble and prefix. */
const PREFIX_BYTES = 132;
const META_GROUP = 0x0002;
/** PS3.10 7.1: the File Meta Information is always explicit VR little endian. */
const META_ENCODING = { explicit: true, littleEndian: true };
/** Of a deflated data set; a single frame of the largest image has 24 MiB. */
const MAX_INFLATED_BYTES = 128 * 1024 * 1024;
/** The root of all UIDs that the standard gives; others might tell whose they are. */
const STANDARD_ROOT = '1.2.840.10008.';

export interface Part10File {
  readonly syntax: TransferSyntax;
  readonly dataSet: DataSet;
}

/**
 * Reads a file that starts with preamble and prefix.
 * @throws DomainError IMAGE_CORRUPT, IMAGE_ATTRIBUTE_INVALID, IMAGE_FORMAT_UNSUPPORTED
 */
export function readPart10(file: Uint8Array): Part10File {
  const reader = new DataSetReader(file, PREFIX_BYTES);
  const uid = reader.read(META_ENCODING, META_GROUP).uid('TransferSyntaxUID');
  if (uid === undefined) throw invalidAttribute('TransferSyntaxUID', 'missing');
  const syntax = transferSyntaxOf(uid);
  if (syntax === undefined) {
    throw unsupportedDicom(
      uid.startsWith(STANDARD_ROOT) ? `The transfer syntax ${uid}` : 'A private transfer syntax',
    );
  }
  const rest = syntax.deflated ? new DataSetReader(inflate(file.subarray(reader.offset))) : reader;
  return { syntax, dataSet: rest.read(syntax) };
}

/** With `info`, which its types do not know: the output, and how much of the input it took. */
interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** PS3.5 A.5: the whole data set is one raw deflate stream, padded to even length. */
function inflate(bytes: Uint8Array): Uint8Array {
  try {
    const options = { maxOutputLength: MAX_INFLATED_BYTES, info: true };
    const { buffer, engine } = inflateRawSync(bytes, options) as unknown as Inflated;
    if (bytes.length - engine.bytesWritten <= 1) return buffer;
  } catch {
    // the reasons of zlib are of no use to the sender
  }
  throw corruptDicom('the deflated data set cannot be inflated, or is too large');
}
