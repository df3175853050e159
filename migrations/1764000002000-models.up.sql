CREATE TABLE model_versions (
  id                   uuid             NOT NULL,
  model_name           text             NOT NULL,
  version              text             NOT NULL, -- semantic version
  status               text             NOT NULL DEFAULT 'development',
  clinical_domain      text             NOT NULL,
  confidence_threshold double precision NOT NULL,
  input_shape          jsonb            NOT NULL, -- as the file says; symbolic dimensions by name
  output_shape         jsonb            NOT NULL,
  file_hash            text             NOT NULL, -- SHA-256, hex
  file_size_bytes      bigint           NOT NULL,
  manifest             jsonb            NOT NULL,
  manifest_hash        text             NOT NULL, -- SHA-256 of its RFC 8785 form, hex
  inference_latency_ms double precision,          -- of the warm-up run at registration
  created_by           uuid             NOT NULL,
  created_at           timestamptz      NOT NULL DEFAULT now(),
  deployed_at          timestamptz,
  deprecated_at        timestamptz,
  CONSTRAINT model_versions_pk PRIMARY KEY (id),
  CONSTRAINT model_versions_model_name_version_uq UNIQUE (model_name, version),
  CONSTRAINT model_versions_created_by_fk FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT model_versions_status_ck CHECK (status IN ('development', 'validation', 'production', 'deprecated')),
  CONSTRAINT model_versions_confidence_threshold_ck CHECK (confidence_threshold BETWEEN 0 AND 1),
  CONSTRAINT model_versions_file_hash_ck CHECK (file_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT model_versions_file_size_bytes_ck CHECK (file_size_bytes > 0),
  CONSTRAINT model_versions_inference_latency_ms_ck CHECK (inference_latency_ms >= 0)
);
CREATE INDEX model_versions_created_at_ix ON model_versions (created_at, id);
