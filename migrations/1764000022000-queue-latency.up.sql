ALTER TABLE inference_results
  ADD COLUMN queue_latency_ms double precision, -- null in rows that are older than this column
  ADD CONSTRAINT inference_results_queue_latency_ms_ck CHECK (queue_latency_ms >= 0);
