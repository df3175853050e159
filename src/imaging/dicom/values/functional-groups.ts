import { invalidAttribute } from '../dicom-errors';
import type { Keyword } from '../file/attributes';
import type { DataSet } from '../file/data-set';

/**
 * Where the attributes of a frame stand: in its own functional groups, in those that all frames share (PS3.3
 * C.7.6.16), or, in objects without functional groups, in the data set itself.
 * @param frame 1-based
 * @throws DomainError IMAGE_ATTRIBUTE_INVALID
 */
export function functionalGroup(dataSet: DataSet, sequence: Keyword, frame: number, frames: number): DataSet {
  const own = dataSet.items('PerFrameFunctionalGroupsSequence');
  if (own.length > 0 && own.length !== frames) {
    throw invalidAttribute('PerFrameFunctionalGroupsSequence', 'not as many items as frames');
  }
  const [shared] = dataSet.items('SharedFunctionalGroupsSequence');
  return own[frame - 1]?.items(sequence)[0] ?? shared?.items(sequence)[0] ?? dataSet;
}
