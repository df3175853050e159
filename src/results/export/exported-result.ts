import type { CsvValue } from './csv';

/** A line of an export, as the query gives it. */
export interface ExportedResult {
  readonly inference_id: string;
  readonly [field: string]: CsvValue;
}

/** Columns of the export: name → SQL over `result`, `validation` and `model`. */
const COLUMNS: Readonly<Record<string, string>> = {
  inference_id: 'result.id',
  batch_id: 'result.batch_id',
  status: 'result.status',
  model_id: 'result.model_version_id',
  model_name: 'model.model_name',
  model_version: 'model.version',
  model_status: 'result.model_status',
  model_file_hash: 'result.model_file_hash',
  manifest_hash: 'result.manifest_hash',
  runtime_version: 'result.runtime_version',
  prediction_label: `result.prediction ->> 'label'`,
  prediction_score: `(result.prediction ->> 'score')::float8`,
  above_threshold: `(result.prediction ->> 'above_threshold')::boolean`,
  confidence_score: 'result.confidence_score',
  is_valid: 'result.is_valid',
  validation_score: 'validation.validation_score',
  error_codes: 'validation.error_codes',
  warnings: 'validation.warnings',
  image_format: 'result.image_format',
  image_width: 'result.image_width',
  image_height: 'result.image_height',
  image_hash: 'result.image_hash',
  queue_ms: 'result.queue_latency_ms',
  preprocessing_ms: 'result.preprocessing_latency_ms',
  inference_ms: 'result.inference_latency_ms',
  created_by: 'result.created_by',
  created_at: 'result.created_at',
  review_revision: 'result.review_revision',
  reviewed_by: 'result.reviewed_by',
  reviewed_at: 'result.reviewed_at',
  expires_at: 'result.expires_at',
  legal_hold: 'result.legal_hold',
  marked_at: 'result.marked_at',
  purge_after: 'result.purge_after',
};

/** What speaks of a patient, or may: an auditor does not get it. */
const PATIENT_COLUMNS: Readonly<Record<string, string>> = {
  patient_id: 'result.patient_id',
  study_date: 'result.study_date::text',
  anatomical_region: 'result.anatomical_region',
  review_comments: 'result.review_comments',
};

export function exportColumns(withPatientFields: boolean): Readonly<Record<string, string>> {
  return withPatientFields ? { ...COLUMNS, ...PATIENT_COLUMNS } : COLUMNS;
}
