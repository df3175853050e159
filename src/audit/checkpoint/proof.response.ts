import { ApiProperty } from '@nestjs/swagger';

export class InclusionResponse {
  @ApiProperty()
  readonly event_id: string;

  @ApiProperty({ description: 'Position in the chain; the index of the leaf is one less' })
  readonly seq: string;

  @ApiProperty({ description: 'SHA-256(0x00 || canonical text), base64' })
  readonly leaf_hash: string;

  @ApiProperty({ description: 'Entries in the tree' })
  readonly size: number;

  @ApiProperty({ description: 'Root of the tree of this size, base64, as it stands in the checkpoint' })
  readonly root_hash: string;

  @ApiProperty({ type: [String], description: 'RFC 6962 section 2.1.1, base64' })
  readonly hashes: string[];
}

export class ConsistencyResponse {
  @ApiProperty()
  readonly from: number;

  @ApiProperty()
  readonly to: number;

  @ApiProperty({ description: 'base64' })
  readonly from_root_hash: string;

  @ApiProperty({ description: 'base64' })
  readonly to_root_hash: string;

  @ApiProperty({ type: [String], description: 'RFC 6962 section 2.1.2, base64' })
  readonly hashes: string[];
}
