ALTER TABLE inference_results
  ADD COLUMN processing jsonb; -- what was done to the image; null in rows that are older than this column
