-- A copy of the validation's verdict, written with it and never changed: filter and count need no join.
ALTER TABLE inference_results ADD COLUMN is_valid boolean; -- null: never assessed
UPDATE inference_results result SET is_valid = validation.is_valid
  FROM validation_results validation WHERE validation.inference_result_id = result.id;

-- Every filter of GET /results alone, in the order of the list; `id` makes the order total and the keyset exact.
DROP INDEX inference_results_model_version_id_ix;
DROP INDEX inference_results_created_by_ix;
CREATE INDEX inference_results_model_version_id_ix ON inference_results (model_version_id, created_at, id);
CREATE INDEX inference_results_created_by_ix ON inference_results (created_by, created_at, id);
CREATE INDEX inference_results_status_ix ON inference_results (status, created_at, id);
CREATE INDEX inference_results_is_valid_ix ON inference_results (is_valid, created_at, id);
CREATE INDEX inference_results_study_date_ix ON inference_results (study_date, created_at, id) WHERE study_date IS NOT NULL;
CREATE INDEX inference_results_patient_id_ix ON inference_results (patient_id, created_at, id) WHERE patient_id IS NOT NULL;
CREATE INDEX inference_results_batch_id_ix ON inference_results (batch_id, created_at, id) WHERE batch_id IS NOT NULL;
