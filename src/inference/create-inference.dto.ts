import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsUUID, Matches } from 'class-validator';
import { OptionalDate } from '../http/optional-date.decorator';
import { QueryInteger } from '../http/query-integer.decorator';

/** Everything about a request but the image itself; the same in all three forms. */
export class CreateInferenceDto {
  @QueryInteger(1, 65_535)
  readonly width?: number;

  @QueryInteger(1, 65_535)
  readonly height?: number;

  @QueryInteger(1, 4)
  readonly channels?: number;

  /** Of a file with several, 1-based. */
  @QueryInteger(1, 1_000_000)
  readonly frame?: number;

  @ApiPropertyOptional({ description: 'A model version; without it the default production model answers' })
  @IsOptional()
  @IsUUID()
  readonly model_id?: string;

  @ApiPropertyOptional({ description: 'Without a model_id: the default model of this domain answers' })
  @IsOptional()
  @Matches(/^[\p{L}\p{N}][\p{L}\p{N} ._/()-]{0,63}$/u, {
    message: 'must be 1 to 64 letters, digits and spaces',
  })
  readonly clinical_domain?: string;

  @ApiPropertyOptional({ description: 'Stored as a pseudonym only' })
  @IsOptional()
  @Matches(/^[^\p{Cc}\p{Surrogate}]{1,64}$/u, { message: 'must be one line of 1 to 64 characters' })
  readonly patient_id?: string;

  @OptionalDate()
  readonly study_date?: string;

  @ApiPropertyOptional({ example: 'chest' })
  @IsOptional()
  @Matches(/^[\p{L}\p{N}][\p{L}\p{N} ._/()-]{0,63}$/u, {
    message: 'must be 1 to 64 letters, digits and spaces',
  })
  readonly anatomical_region?: string;
}
