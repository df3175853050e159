/** How the value of an attribute is read. `XS` is US or SS, as Pixel Representation says. */
type ValueKind = 'CS' | 'DS' | 'IS' | 'OV' | 'OW' | 'SQ' | 'UI' | 'US' | 'XS';

/**
 * All that is read of a file (PS3.6). Names, dates and whatever else is known of a person are not here, and what is
 * not here is skipped unseen.
 */
const ATTRIBUTES = {
  TransferSyntaxUID: [0x0002_0010, 'UI'],
  SOPClassUID: [0x0008_0016, 'UI'],
  SOPInstanceUID: [0x0008_0018, 'UI'],
  Modality: [0x0008_0060, 'CS'],
  ConversionType: [0x0008_0064, 'CS'],
  BodyPartExamined: [0x0018_0015, 'CS'],
  StudyInstanceUID: [0x0020_000d, 'UI'],
  SeriesInstanceUID: [0x0020_000e, 'UI'],
  SamplesPerPixel: [0x0028_0002, 'US'],
  PhotometricInterpretation: [0x0028_0004, 'CS'],
  PlanarConfiguration: [0x0028_0006, 'US'],
  NumberOfFrames: [0x0028_0008, 'IS'],
  Rows: [0x0028_0010, 'US'],
  Columns: [0x0028_0011, 'US'],
  BitsAllocated: [0x0028_0100, 'US'],
  BitsStored: [0x0028_0101, 'US'],
  HighBit: [0x0028_0102, 'US'],
  PixelRepresentation: [0x0028_0103, 'US'],
  PixelPaddingValue: [0x0028_0120, 'XS'],
  PixelPaddingRangeLimit: [0x0028_0121, 'XS'],
  BurnedInAnnotation: [0x0028_0301, 'CS'],
  WindowCenter: [0x0028_1050, 'DS'],
  WindowWidth: [0x0028_1051, 'DS'],
  RescaleIntercept: [0x0028_1052, 'DS'],
  RescaleSlope: [0x0028_1053, 'DS'],
  VOILUTFunction: [0x0028_1056, 'CS'],
  RedPaletteColorLookupTableDescriptor: [0x0028_1101, 'XS'],
  GreenPaletteColorLookupTableDescriptor: [0x0028_1102, 'XS'],
  BluePaletteColorLookupTableDescriptor: [0x0028_1103, 'XS'],
  RedPaletteColorLookupTableData: [0x0028_1201, 'OW'],
  GreenPaletteColorLookupTableData: [0x0028_1202, 'OW'],
  BluePaletteColorLookupTableData: [0x0028_1203, 'OW'],
  SegmentedRedPaletteColorLookupTableData: [0x0028_1221, 'OW'],
  ModalityLUTSequence: [0x0028_3000, 'SQ'],
  LUTDescriptor: [0x0028_3002, 'XS'],
  LUTData: [0x0028_3006, 'OW'],
  VOILUTSequence: [0x0028_3010, 'SQ'],
  FrameVOILUTSequence: [0x0028_9132, 'SQ'],
  PixelValueTransformationSequence: [0x0028_9145, 'SQ'],
  PresentationLUTSequence: [0x2050_0010, 'SQ'],
  PresentationLUTShape: [0x2050_0020, 'CS'],
  SharedFunctionalGroupsSequence: [0x5200_9229, 'SQ'],
  PerFrameFunctionalGroupsSequence: [0x5200_9230, 'SQ'],
  ExtendedOffsetTable: [0x7fe0_0001, 'OV'],
  ExtendedOffsetTableLengths: [0x7fe0_0002, 'OV'],
  FloatPixelData: [0x7fe0_0008, 'OW'],
  DoubleFloatPixelData: [0x7fe0_0009, 'OW'],
  PixelData: [0x7fe0_0010, 'OW'],
} as const satisfies Record<string, readonly [tag: number, kind: ValueKind]>;

export type Keyword = keyof typeof ATTRIBUTES;

const KEYWORDS = new Map<number, Keyword>(
  Object.entries(ATTRIBUTES).map(([keyword, [tag]]) => [tag, keyword as Keyword]),
);

/** undefined: the attribute is of no use here. */
export const keywordOf = (tag: number): Keyword | undefined => KEYWORDS.get(tag);

export const kindOf = (keyword: Keyword): ValueKind => ATTRIBUTES[keyword][1];

/** `(0028,0010)` */
export function tagText(keyword: Keyword): string {
  const hex = ATTRIBUTES[keyword][0].toString(16).padStart(8, '0').toUpperCase();
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}
