/** How the pixel data of a transfer syntax is compressed; `none`: PS3.5 A.1 to A.3 and A.5. */
export type Compression = 'none' | 'rle' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly explicit: boolean;
  readonly littleEndian: boolean;
  readonly deflated: boolean;
  readonly compression: Compression;
}

const PREFIX = '1.2.840.10008.1.2';

const syntax = (
  suffix: string,
  name: string,
  compression: Compression,
  other: Partial<TransferSyntax> = {},
): TransferSyntax => ({
  uid: PREFIX + suffix,
  name,
  explicit: true,
  littleEndian: true,
  deflated: false,
  compression,
  ...other,
});

/** PS3.5 section 10 and annex A, PS3.6 annex A. */
const TRANSFER_SYNTAXES: readonly TransferSyntax[] = [
  syntax('', 'Implicit VR Little Endian', 'none', { explicit: false }),
  syntax('.1', 'Explicit VR Little Endian', 'none'),
  syntax('.1.99', 'Deflated Explicit VR Little Endian', 'none', { deflated: true }),
  syntax('.2', 'Explicit VR Big Endian', 'none', { littleEndian: false }),
  syntax('.5', 'RLE Lossless', 'rle'),
  syntax('.4.50', 'JPEG Baseline (Process 1)', 'jpeg'),
  syntax('.4.51', 'JPEG Extended (Process 2 & 4)', 'jpeg'),
  syntax('.4.57', 'JPEG Lossless (Process 14)', 'jpeg-lossless'),
  syntax('.4.70', 'JPEG Lossless (Process 14, Selection Value 1)', 'jpeg-lossless'),
  syntax('.4.80', 'JPEG-LS Lossless', 'jpeg-ls'),
  syntax('.4.81', 'JPEG-LS Near-Lossless', 'jpeg-ls'),
  syntax('.4.90', 'JPEG 2000 Lossless', 'jpeg-2000'),
  syntax('.4.91', 'JPEG 2000', 'jpeg-2000'),
  syntax('.4.201', 'High-Throughput JPEG 2000 Lossless', 'htj2k'),
  syntax('.4.202', 'High-Throughput JPEG 2000 RPCL Lossless', 'htj2k'),
  syntax('.4.203', 'High-Throughput JPEG 2000', 'htj2k'),
];

export const transferSyntaxOf = (uid: string): TransferSyntax | undefined =>
  TRANSFER_SYNTAXES.find((known) => known.uid === uid);
