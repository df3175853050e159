import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { ResultFilterDto } from '../list/result-filter.dto';
import { EXPORT_FORMATS, type ExportFormat } from './export-format';

export class ExportResultsDto extends ResultFilterDto {
  @ApiPropertyOptional({
    enum: EXPORT_FORMATS,
    description: 'Missing: CSV for `Accept: text/csv`, else NDJSON',
  })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  readonly format?: ExportFormat;
}
