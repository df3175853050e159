import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { QueryInteger } from '../../http/query-integer.decorator';
import { ResultFilterDto } from './result-filter.dto';

const MAX_PAGE = 10_000_000;

export class ListResultsDto extends ResultFilterDto {
  @QueryInteger(1, MAX_PAGE, 1)
  readonly page: number = 1;

  @QueryInteger(1, 100, 10)
  readonly page_size: number = 10;

  @ApiPropertyOptional({
    description:
      'Instead of `page`: goes on after the page whose `next_cursor` it is, without counting; empty: the first page',
  })
  @IsOptional()
  @Matches(/^[\w-]{0,200}$/, { message: 'must be the next_cursor of a page' })
  readonly cursor?: string;
}
