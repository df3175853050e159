import { DomainError } from '../../errors/domain.error';

export const corruptJpeg = (reason: string): DomainError =>
  new DomainError('IMAGE_CORRUPT', `The JPEG data is damaged: ${reason}`);

export const unsupportedJpeg = (kind: string): DomainError =>
  new DomainError('IMAGE_FORMAT_UNSUPPORTED', `${kind} is not supported`);
