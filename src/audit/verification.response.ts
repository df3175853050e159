import { ApiProperty } from '@nestjs/swagger';

class VerificationProblem {
  @ApiProperty({ enum: ['altered', 'gap', 'fork', 'truncated', 'unanchored'] })
  readonly class: string;

  @ApiProperty({ description: 'The first entry that is wrong' })
  readonly seq: string;

  @ApiProperty()
  readonly detail: string;
}

export class VerificationResponse {
  @ApiProperty()
  readonly valid: boolean;

  @ApiProperty({ description: 'Entries found in order' })
  readonly entries: number;

  @ApiProperty()
  readonly first_seq: string;

  @ApiProperty()
  readonly last_seq: string;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Size of the last signed checkpoint; null while there is none',
  })
  readonly checkpoint_size: number | null;

  @ApiProperty({ type: VerificationProblem, nullable: true })
  readonly problem: VerificationProblem | null;
}
