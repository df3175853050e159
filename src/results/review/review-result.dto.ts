import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';

const DECISIONS = ['reviewed', 'approved'] as const;

export class ReviewResultDto {
  @ApiProperty({ enum: DECISIONS })
  @IsIn(DECISIONS)
  readonly decision: (typeof DECISIONS)[number];

  @ApiPropertyOptional({ description: 'Required of a correction: why' })
  @IsOptional()
  @IsString()
  @Length(1, 4000)
  readonly comments?: string;

  @ApiPropertyOptional({ description: "The reviewer's own judgement: one of the labels of the model" })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  readonly label?: string;

  @ApiPropertyOptional({
    description:
      '`review_revision` of the result as you saw it. Required to correct a review; 409 when it is stale.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  readonly revision?: number;

  @ApiPropertyOptional({ description: 'Required of an approval: it is an electronic signature' })
  @IsOptional()
  @IsString()
  @Length(1, 256)
  readonly password?: string;
}
