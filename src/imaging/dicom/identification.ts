import type { DicomProcessing } from '../image';
import type { Keyword } from './file/attributes';
import type { DataSet } from './file/data-set';

type Identification = Pick<
  DicomProcessing,
  | 'sop_class_uid'
  | 'sop_instance_uid'
  | 'study_instance_uid'
  | 'series_instance_uid'
  | 'modality'
  | 'body_part_examined'
>;

/**
 * What a result says of the object it was made from: identifiers and codes, nothing that was typed in.
 * @throws DomainError IMAGE_ATTRIBUTE_INVALID
 */
export function identify(dataSet: DataSet): Identification {
  return {
    sop_class_uid: dataSet.uid('SOPClassUID') ?? null,
    sop_instance_uid: dataSet.uid('SOPInstanceUID') ?? null,
    study_instance_uid: dataSet.uid('StudyInstanceUID') ?? null,
    series_instance_uid: dataSet.uid('SeriesInstanceUID') ?? null,
    modality: codeOrNull(dataSet, 'Modality'),
    body_part_examined: codeOrNull(dataSet, 'BodyPartExamined'),
  };
}

/** What is no code was typed in, and could be anything. */
function codeOrNull(dataSet: DataSet, keyword: Keyword): string | null {
  try {
    return dataSet.code(keyword) ?? null;
  } catch {
    return null;
  }
}
