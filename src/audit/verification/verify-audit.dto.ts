import { QueryInteger } from '../../http/query-integer.decorator';

export class VerifyAuditDto {
  @QueryInteger(1, Number.MAX_SAFE_INTEGER, 1)
  readonly from_seq?: number;

  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  readonly to_seq?: number;
}
