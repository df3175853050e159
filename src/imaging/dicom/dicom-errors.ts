import { DomainError } from '../../errors/domain.error';
import { type Keyword, tagText } from './file/attributes';

/** What no whole and consistent file contains. `reason` never holds a value of the file. */
export const corruptDicom = (reason: string): DomainError =>
  new DomainError('IMAGE_CORRUPT', `The DICOM file is damaged: ${reason}`);

/** An attribute that the pixels depend on is missing, not valid, or contradicts another. */
export const invalidAttribute = (keyword: Keyword, message: string): DomainError =>
  new DomainError('IMAGE_ATTRIBUTE_INVALID', undefined, {
    errors: [{ field: `${tagText(keyword)} ${keyword}`, message }],
  });

export const unsupportedDicom = (reason: string): DomainError =>
  new DomainError('IMAGE_FORMAT_UNSUPPORTED', `${reason} is not supported`);
