import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';

export class GetAuditEntryDto {
  @ApiPropertyOptional({ enum: ['json', 'fhir'], default: 'json', description: 'fhir: an R4 AuditEvent' })
  @IsOptional()
  @IsIn(['json', 'fhir'])
  readonly format: 'json' | 'fhir' = 'json';
}
