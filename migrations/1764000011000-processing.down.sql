ALTER TABLE inference_results
  DROP COLUMN processing;
