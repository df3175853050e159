CREATE TABLE inference_batches (
  id              uuid        NOT NULL,
  created_by      uuid        NOT NULL,
  created_by_role text        NOT NULL, -- when it was sent: decides which models answer
  priority        text        NOT NULL,
  created_at      timestamptz NOT NULL,
  cancelled_at    timestamptz,
  finished_at     timestamptz, -- when nothing was left to do
  CONSTRAINT inference_batches_pk PRIMARY KEY (id),
  CONSTRAINT inference_batches_created_by_fk FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT inference_batches_priority_ck CHECK (priority IN ('low', 'normal', 'high'))
);
CREATE INDEX inference_batches_created_by_ix ON inference_batches (created_by, created_at);

-- The images of a batch in their order, and the queue of those that still wait.
CREATE TABLE inference_batch_items (
  batch_id     uuid        NOT NULL,
  position     smallint    NOT NULL, -- in the request, from 0
  inference_id uuid        NOT NULL, -- id of the result, known from the start: no image can have two
  status       text        NOT NULL,
  image        bytea,                -- sealed with AES-256-GCM; erased when the item is done
  turn_at      timestamptz,          -- the earlier, the sooner its turn
  free_at      timestamptz,          -- may be taken from then on: the end of its worker's lease, or of a pause
  worker_id    uuid,                 -- who took it last
  attempts     smallint    NOT NULL DEFAULT 0,
  CONSTRAINT inference_batch_items_pk PRIMARY KEY (batch_id, position),
  CONSTRAINT inference_batch_items_inference_id_uq UNIQUE (inference_id),
  CONSTRAINT inference_batch_items_batch_id_fk FOREIGN KEY (batch_id) REFERENCES inference_batches (id) ON DELETE CASCADE,
  CONSTRAINT inference_batch_items_status_ck CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
  CONSTRAINT inference_batch_items_image_ck CHECK ((image IS NOT NULL) = (status IN ('queued', 'processing'))),
  CONSTRAINT inference_batch_items_turn_ck CHECK (image IS NULL OR (turn_at IS NOT NULL AND free_at IS NOT NULL)),
  CONSTRAINT inference_batch_items_position_ck CHECK (position BETWEEN 0 AND 99)
);
ALTER TABLE inference_batch_items ALTER COLUMN image SET STORAGE EXTERNAL; -- ciphertext does not compress
CREATE INDEX inference_batch_items_turn_at_ix ON inference_batch_items (turn_at, batch_id, position) WHERE image IS NOT NULL;

-- An image of a batch that failed is a result like the others, also when it never reached a model.
ALTER TABLE inference_results
  ADD COLUMN error json, -- {code, detail, errors?} of a failed one
  ALTER COLUMN model_version_id DROP NOT NULL,
  ALTER COLUMN model_status DROP NOT NULL,
  ALTER COLUMN image_width DROP NOT NULL,
  ALTER COLUMN image_height DROP NOT NULL,
  ALTER COLUMN image_format DROP NOT NULL,
  ALTER COLUMN image_hash DROP NOT NULL,
  ALTER COLUMN preprocessing_latency_ms DROP NOT NULL,
  ALTER COLUMN inference_latency_ms DROP NOT NULL,
  ALTER COLUMN model_file_hash DROP NOT NULL,
  ALTER COLUMN manifest_hash DROP NOT NULL,
  ALTER COLUMN runtime_version DROP NOT NULL,
  ADD CONSTRAINT inference_results_batch_id_fk FOREIGN KEY (batch_id) REFERENCES inference_batches (id) ON DELETE RESTRICT,
  ADD CONSTRAINT inference_results_complete_ck CHECK (status = 'failed' OR num_nulls(
    model_version_id, model_status, image_width, image_height, image_format, image_hash, preprocessing_latency_ms,
    inference_latency_ms, model_file_hash, manifest_hash, runtime_version) = 0);
