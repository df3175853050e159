import type { Principal } from '../http/principal';
import type { ListResultsDto } from './list-results.dto';
import type { Pseudonyms } from './pseudonyms';

export interface SqlCondition {
  /** Starts with `$1`. */
  readonly sql: string;
  readonly parameters: unknown[];
}

/** What the caller may see and asked for, as one condition on `result` and `validation`. */
export function resultFilter(
  query: ListResultsDto,
  principal: Principal,
  pseudonyms: Pseudonyms,
): SqlCondition {
  const terms: [column: string, operator: string, value: unknown][] = [
    ['result.created_by', '=', principal.role === 'integration' ? principal.userId : undefined],
    ['result.model_version_id', '=', query.model_id],
    ['result.status', '=', query.status],
    ['result.created_by', '=', query.created_by],
    ['result.study_date', '=', query.study_date],
    ['result.study_date', '>=', query.study_date_from],
    ['result.study_date', '<=', query.study_date_to],
    ['result.patient_id', '=', query.patient_id && pseudonyms.of(query.patient_id)],
    ['result.batch_id', '=', query.batch_id],
    ['validation.is_valid', '=', query.is_valid && query.is_valid === 'true'],
  ];
  const used = terms.filter(([, , value]) => value !== undefined);
  return {
    sql:
      used.map(([column, operator], index) => `${column} ${operator} $${index + 1}`).join(' AND ') || 'true',
    parameters: used.map(([, , value]) => value),
  };
}
