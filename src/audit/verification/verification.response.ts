import { ApiProperty } from '@nestjs/swagger';
import { AUDIT_PROBLEMS } from './chain-verification';

class VerificationProblem {
  @ApiProperty({
    enum: AUDIT_PROBLEMS,
    description:
      'altered: an entry is not what was hashed. gap: one is missing in between. fork: entries that hang together are not ' +
      'those that a checkpoint signed. truncated: fewer are left than were signed. unanchored: no checkpoint has covered ' +
      'the newest for too long.',
  })
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

  @ApiProperty({
    description:
      'How many of them are archived: their leaf hashes fit what was signed. What they say is in the files of the archive',
  })
  readonly archived: number;

  @ApiProperty()
  readonly first_seq: string;

  @ApiProperty()
  readonly last_seq: string;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Size of the last signed checkpoint that the entries were found to fit; null for none',
  })
  readonly checkpoint_size: number | null;

  @ApiProperty({ type: VerificationProblem, nullable: true })
  readonly problem: VerificationProblem | null;
}
