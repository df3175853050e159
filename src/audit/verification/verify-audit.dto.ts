import { DomainError } from '../../errors/domain.error';
import { QueryInteger } from '../../http/query-integer.decorator';

export class VerifyAuditDto {
  @QueryInteger(1, Number.MAX_SAFE_INTEGER, 1)
  readonly from_seq?: number;

  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  readonly to_seq?: number;
}

/** @throws DomainError VALIDATION_FAILED: nothing at all would be found in order */
export function assertRange({ from_seq = 1, to_seq = Infinity }: VerifyAuditDto): void {
  if (from_seq <= to_seq) return;
  const errors = [{ field: 'to_seq', message: 'must not be less than from_seq' }];
  throw new DomainError('VALIDATION_FAILED', undefined, { errors });
}
