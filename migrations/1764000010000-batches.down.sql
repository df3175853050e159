-- Refuses to run while there are results that only this schema can hold: they are records, not to be dropped in passing.
ALTER TABLE inference_results
  DROP CONSTRAINT inference_results_complete_ck,
  DROP CONSTRAINT inference_results_batch_id_fk,
  DROP COLUMN error,
  ALTER COLUMN model_version_id SET NOT NULL,
  ALTER COLUMN model_status SET NOT NULL,
  ALTER COLUMN image_width SET NOT NULL,
  ALTER COLUMN image_height SET NOT NULL,
  ALTER COLUMN image_format SET NOT NULL,
  ALTER COLUMN image_hash SET NOT NULL,
  ALTER COLUMN preprocessing_latency_ms SET NOT NULL,
  ALTER COLUMN inference_latency_ms SET NOT NULL,
  ALTER COLUMN model_file_hash SET NOT NULL,
  ALTER COLUMN manifest_hash SET NOT NULL,
  ALTER COLUMN runtime_version SET NOT NULL;
DROP TABLE inference_batch_items;
DROP TABLE inference_batches;
