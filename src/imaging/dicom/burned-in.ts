import { DomainError } from '../../errors/domain.error';
import type { DicomProcessing } from '../image';
import type { InputSpec } from '../input-spec';
import { invalidAttribute } from './dicom-errors';
import type { DataSet } from './file/data-set';

/** Secondary Capture and its multi-frame kinds, 7.1 to 7.4 (PS3.4 B.5). */
const SECONDARY_CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.[1-4])?$/;

/**
 * Text in the pixels can name a patient and can be what a model answers to. A file that says it has such text is
 * refused; one that was made from something else than a modality's own pixels, a screen or a scan of a film, often has
 * some and says nothing: that is reported. The manifest can be stricter or laxer.
 * @throws DomainError IMAGE_BURNED_IN_ANNOTATION, IMAGE_ATTRIBUTE_INVALID
 */
export function checkBurnedIn(
  dataSet: DataSet,
  policy: InputSpec['burned_in'],
): Pick<DicomProcessing, 'burned_in_annotation' | 'warnings'> {
  const annotation = dataSet.code('BurnedInAnnotation') ?? null;
  if (annotation !== null && annotation !== 'YES' && annotation !== 'NO') {
    throw invalidAttribute('BurnedInAnnotation', 'expected YES or NO');
  }
  const captured =
    SECONDARY_CAPTURE.test(dataSet.uid('SOPClassUID') ?? '') || dataSet.bytes('ConversionType') !== undefined;
  const warnings: string[] = [];
  if (annotation === 'YES') {
    if (policy !== 'warn') throw burnedIn('Burned In Annotation is YES');
    warnings.push('burned_in_annotation: the file says that its pixels show text');
  }
  if (captured && annotation !== 'NO') {
    if (policy === 'reject') throw burnedIn('A secondary capture that does not say it shows no text');
    warnings.push('burned_in_annotation: a secondary capture may show text in its pixels');
  }
  return { burned_in_annotation: annotation, warnings };
}

const burnedIn = (reason: string): DomainError => new DomainError('IMAGE_BURNED_IN_ANNOTATION', reason);
