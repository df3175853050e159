import type { Principal } from '../../http/principal';
import type { Pseudonyms } from '../pseudonyms';
import type { ResultFilterDto } from './result-filter.dto';

export interface SqlCondition {
  /** Starts with `$1`. */
  readonly sql: string;
  readonly parameters: unknown[];
}

/** What the caller may see and asked for, as one condition on `result`. */
export function resultFilter(
  query: ResultFilterDto,
  principal: Principal,
  pseudonyms: Pseudonyms,
): SqlCondition {
  const terms: [column: string, operator: string, value: unknown][] = [
    ['created_by', '=', principal.role === 'integration' ? principal.userId : undefined],
    ['model_version_id', '=', query.model_id],
    ['status', '=', query.status],
    ['created_by', '=', query.created_by],
    ['study_date', '=', query.study_date],
    ['study_date', '>=', query.study_date_from],
    ['study_date', '<=', query.study_date_to],
    ['patient_id', '= ANY', query.patient_id === undefined ? undefined : pseudonyms.allOf(query.patient_id)],
    ['batch_id', '=', query.batch_id],
    ['is_valid', '=', query.is_valid && query.is_valid === 'true'],
  ];
  const used = terms.filter(([, , value]) => value !== undefined);
  const conditions = [
    ...used.map(([column, operator], i) => `result.${column} ${operator} ($${i + 1})`),
    ...retentionConditions(query),
  ];
  return { sql: conditions.join(' AND ') || 'true', parameters: used.map(([, , value]) => value) };
}

/** Without parameters, so that the partial indexes are used whatever the plan. */
function retentionConditions({ legal_hold, marked }: ResultFilterDto): string[] {
  return [
    legal_hold === undefined ? [] : legal_hold === 'true' ? 'result.legal_hold' : 'NOT result.legal_hold',
    marked === undefined ? [] : `result.marked_at IS ${marked === 'true' ? 'NOT NULL' : 'NULL'}`,
  ].flat();
}
