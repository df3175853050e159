ALTER TABLE model_versions
  ADD COLUMN onnx                jsonb,            -- what the file says of itself
  ADD COLUMN self_test           jsonb,            -- the last run of the manifest's golden samples
  ADD COLUMN validation_baseline jsonb;            -- how it scored while it was in validation, kept at its promotion
CREATE INDEX model_versions_status_ix ON model_versions (status, clinical_domain, deployed_at);
CREATE INDEX model_versions_file_hash_ix ON model_versions (file_hash);

CREATE TABLE electronic_signatures (
  id           uuid        NOT NULL,
  record_type  text        NOT NULL,
  record_id    uuid        NOT NULL,
  record_hash  text        NOT NULL, -- SHA-256 of the record's RFC 8785 form, hex
  signer_id    uuid        NOT NULL,
  printed_name text        NOT NULL,
  role         text        NOT NULL,
  meaning      text        NOT NULL,
  signed_at    timestamptz NOT NULL,
  key_id       text        NOT NULL, -- SHA-256 of the public key (SPKI, DER), hex
  signature    bytea       NOT NULL, -- Ed25519 over the statement's RFC 8785 form
  CONSTRAINT electronic_signatures_pk PRIMARY KEY (id),
  CONSTRAINT electronic_signatures_record_uq UNIQUE (record_type, record_id, signer_id, meaning),
  CONSTRAINT electronic_signatures_signer_id_fk FOREIGN KEY (signer_id) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT electronic_signatures_record_hash_ck CHECK (record_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT electronic_signatures_signature_ck CHECK (length(signature) = 64)
);

CREATE TABLE model_transitions (
  id               uuid        NOT NULL,
  model_version_id uuid        NOT NULL,
  from_status      text        NOT NULL,
  to_status        text        NOT NULL,
  reason           text        NOT NULL,
  actor_id         uuid        NOT NULL,
  signature_id     uuid,
  occurred_at      timestamptz NOT NULL,
  CONSTRAINT model_transitions_pk PRIMARY KEY (id),
  CONSTRAINT model_transitions_model_version_id_fk FOREIGN KEY (model_version_id) REFERENCES model_versions (id) ON DELETE RESTRICT,
  CONSTRAINT model_transitions_actor_id_fk FOREIGN KEY (actor_id) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT model_transitions_signature_id_fk FOREIGN KEY (signature_id) REFERENCES electronic_signatures (id) ON DELETE RESTRICT,
  CONSTRAINT model_transitions_reason_ck CHECK (length(reason) BETWEEN 1 AND 2000)
);
CREATE INDEX model_transitions_model_version_id_ix ON model_transitions (model_version_id, occurred_at);

-- The state machine, for whatever program writes. From deprecated to production leads only a rollback.
CREATE FUNCTION guard_model_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a model version is never deleted' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'model_versions_permanent';
  END IF;
  IF (OLD.id, OLD.model_name, OLD.version, OLD.clinical_domain, OLD.confidence_threshold, OLD.file_hash, OLD.file_size_bytes, OLD.manifest_hash, OLD.created_by, OLD.created_at)
     IS DISTINCT FROM
     (NEW.id, NEW.model_name, NEW.version, NEW.clinical_domain, NEW.confidence_threshold, NEW.file_hash, NEW.file_size_bytes, NEW.manifest_hash, NEW.created_by, NEW.created_at)
     OR OLD.manifest IS DISTINCT FROM NEW.manifest OR OLD.input_shape IS DISTINCT FROM NEW.input_shape OR OLD.output_shape IS DISTINCT FROM NEW.output_shape THEN
    RAISE EXCEPTION 'a model version does not change' USING ERRCODE = 'check_violation', CONSTRAINT = 'model_versions_immutable';
  END IF;
  IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN
     (('development', 'validation'), ('validation', 'development'), ('validation', 'production'), ('production', 'deprecated'), ('deprecated', 'production')) THEN
    RAISE EXCEPTION 'no step leads from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation', CONSTRAINT = 'model_versions_transition';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER model_versions_guard BEFORE UPDATE OR DELETE ON model_versions FOR EACH ROW EXECUTE FUNCTION guard_model_version();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER electronic_signatures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON electronic_signatures
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER model_transitions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON model_transitions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE electronic_signatures ENABLE ALWAYS TRIGGER electronic_signatures_append_only;
ALTER TABLE model_transitions ENABLE ALWAYS TRIGGER model_transitions_append_only;
ALTER TABLE model_versions ENABLE ALWAYS TRIGGER model_versions_guard;
