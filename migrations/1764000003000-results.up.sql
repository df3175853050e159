CREATE TABLE inference_results (
  id                       uuid             NOT NULL,
  model_version_id         uuid             NOT NULL,
  model_status             text             NOT NULL, -- of the version when it answered: anything but production marks the result
  batch_id                 uuid,
  status                   text             NOT NULL,
  confidence_score         double precision,
  prediction               json,
  outputs                  json,
  patient_id               text,                      -- pseudonym, never the identifier itself
  study_date               date,
  anatomical_region        text,
  image_width              integer          NOT NULL,
  image_height             integer          NOT NULL,
  image_format             text             NOT NULL,
  image_hash               text             NOT NULL, -- SHA-256, hex
  preprocessing_latency_ms double precision NOT NULL,
  inference_latency_ms     double precision NOT NULL,
  model_file_hash          text             NOT NULL,
  manifest_hash            text             NOT NULL,
  runtime_version          text             NOT NULL,
  created_by               uuid             NOT NULL,
  created_at               timestamptz      NOT NULL,
  expires_at               timestamptz,
  reviewed_by              uuid,
  reviewed_at              timestamptz,
  review_comments          text,
  CONSTRAINT inference_results_pk PRIMARY KEY (id),
  CONSTRAINT inference_results_model_version_id_fk FOREIGN KEY (model_version_id) REFERENCES model_versions (id) ON DELETE RESTRICT,
  CONSTRAINT inference_results_created_by_fk FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT inference_results_reviewed_by_fk FOREIGN KEY (reviewed_by) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT inference_results_status_ck CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'reviewed', 'approved')),
  CONSTRAINT inference_results_confidence_score_ck CHECK (confidence_score BETWEEN 0 AND 1),
  CONSTRAINT inference_results_preprocessing_latency_ms_ck CHECK (preprocessing_latency_ms >= 0),
  CONSTRAINT inference_results_inference_latency_ms_ck CHECK (inference_latency_ms >= 0),
  CONSTRAINT inference_results_image_size_ck CHECK (image_width > 0 AND image_height > 0)
);
CREATE INDEX inference_results_created_at_ix ON inference_results (created_at, id);
CREATE INDEX inference_results_model_version_id_ix ON inference_results (model_version_id, created_at);
CREATE INDEX inference_results_created_by_ix ON inference_results (created_by, created_at);

CREATE TABLE validation_results (
  id                     uuid             NOT NULL,
  inference_result_id    uuid             NOT NULL,
  is_valid               boolean          NOT NULL,
  validation_score       double precision NOT NULL,
  brightness_valid       boolean, -- null: not assessed
  contrast_valid         boolean,
  motion_artifact_free   boolean,
  noise_level_acceptable boolean,
  error_codes            text[]           NOT NULL,
  warnings               text[]           NOT NULL,
  metrics                json             NOT NULL,
  validator_version      text             NOT NULL,
  CONSTRAINT validation_results_pk PRIMARY KEY (id),
  CONSTRAINT validation_results_inference_result_id_uq UNIQUE (inference_result_id),
  CONSTRAINT validation_results_inference_result_id_fk FOREIGN KEY (inference_result_id) REFERENCES inference_results (id) ON DELETE CASCADE,
  CONSTRAINT validation_results_validation_score_ck CHECK (validation_score BETWEEN 0 AND 1)
);
