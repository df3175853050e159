ALTER TABLE inference_results
  DROP COLUMN queue_latency_ms;
