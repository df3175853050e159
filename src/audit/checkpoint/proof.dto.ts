import { ApiProperty } from '@nestjs/swagger';
import { QueryInteger } from '../../http/query-integer.decorator';

export class CheckpointDto {
  /** The first checkpoint that covers so many entries; the newest unless given. */
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  readonly size?: number;
}

export class InclusionDto {
  /** Size of the tree; that of the newest checkpoint unless given. */
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  readonly size?: number;
}

export class ConsistencyDto {
  /** Size of the older tree: that of a checkpoint which the caller has kept. */
  @ApiProperty({ required: true })
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  readonly from?: number;

  /** Size of the newer tree; that of the newest checkpoint unless given. */
  @QueryInteger(1, Number.MAX_SAFE_INTEGER)
  readonly to?: number;
}
