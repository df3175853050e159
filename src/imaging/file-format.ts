export type FileFormat = 'png' | 'jpeg' | 'dicom';

const carries = (file: Uint8Array, offset: number, mark: readonly number[]): boolean =>
  mark.every((byte, i) => file[offset + i] === byte);

const MARKS: Readonly<Record<FileFormat, (file: Uint8Array) => boolean>> = {
  png: (file) => carries(file, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  // T.81 B.1.1.3: the start marker, and another one, all of which are at least C0
  jpeg: (file) => carries(file, 0, [0xff, 0xd8, 0xff]) && file[3]! >= 0xc0,
  // PS3.10 7.1: 128 bytes of preamble, then DICM
  dicom: (file) => carries(file, 128, [0x44, 0x49, 0x43, 0x4d]),
};
const FORMATS = Object.keys(MARKS) as FileFormat[];

/**
 * The formats whose marks a file carries: one, unless it was made to look like two. Float32 values from 0 to 1, little
 * endian, carry none of them: each mark has a value in it that is larger or negative.
 */
export const fileFormatsOf = (file: Uint8Array): FileFormat[] =>
  FORMATS.filter((format) => MARKS[format](file));
