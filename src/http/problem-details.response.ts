import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ERROR_CODES } from '../errors/error-codes';

class FieldProblem {
  @ApiProperty({ example: 'width' })
  readonly field: string;

  @ApiProperty({ example: 'must be an integer from 64 to 2048' })
  readonly message: string;
}

/** RFC 9457. */
export class ProblemDetails {
  @ApiProperty({ description: 'Where the code is explained' })
  readonly type: string;

  @ApiProperty()
  readonly title: string;

  @ApiProperty({ example: 422 })
  readonly status: number;

  @ApiProperty({ enum: Object.keys(ERROR_CODES), description: 'Stable: clients may branch on it' })
  readonly code: string;

  @ApiProperty({ example: 'VALIDATION' })
  readonly category: string;

  @ApiProperty({ description: 'What is wrong and what to do' })
  readonly detail: string;

  @ApiProperty({ description: 'The request id, also in the X-Request-Id header and in every log line' })
  readonly instance: string;

  @ApiPropertyOptional({ type: [FieldProblem] })
  readonly errors?: FieldProblem[];
}
