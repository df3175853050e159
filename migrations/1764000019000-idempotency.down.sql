ALTER TABLE inference_results ALTER COLUMN processing TYPE jsonb USING processing::jsonb;
DROP TABLE idempotency_keys;
