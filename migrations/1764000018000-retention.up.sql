-- How long a result is kept, what keeps it longer, and the two steps of its deletion.
UPDATE inference_results SET expires_at = created_at + interval '2192 days' WHERE expires_at IS NULL;
ALTER TABLE inference_results
  ADD COLUMN legal_hold  boolean NOT NULL DEFAULT false, -- whether a hold of legal_holds is in force; kept by its trigger
  ADD COLUMN marked_at   timestamptz, -- the first step
  ADD COLUMN purge_after timestamptz, -- not before, the second
  ADD CONSTRAINT inference_results_marked_ck CHECK (
    num_nulls(marked_at, purge_after) <> 1 AND (marked_at IS NULL OR (NOT legal_hold AND purge_after >= marked_at)));
CREATE INDEX inference_results_expires_at_ix ON inference_results (expires_at, id) WHERE marked_at IS NULL AND NOT legal_hold;
CREATE INDEX inference_results_purge_after_ix ON inference_results (purge_after, id) WHERE purge_after IS NOT NULL;
CREATE INDEX inference_results_marked_at_ix ON inference_results (created_at, id) WHERE marked_at IS NOT NULL;
CREATE INDEX inference_results_legal_hold_ix ON inference_results (created_at, id) WHERE legal_hold;

-- Several may be in force at once, each with a reason of its own. Never changed but by its release.
CREATE TABLE legal_holds (
  id                  uuid        NOT NULL,
  inference_result_id uuid        NOT NULL,
  reason              text        NOT NULL,
  placed_by           uuid        NOT NULL,
  placed_at           timestamptz NOT NULL,
  release_reason      text,
  released_by         uuid,
  released_at         timestamptz,
  CONSTRAINT legal_holds_pk PRIMARY KEY (id),
  CONSTRAINT legal_holds_inference_result_id_fk FOREIGN KEY (inference_result_id) REFERENCES inference_results (id) ON DELETE CASCADE,
  CONSTRAINT legal_holds_placed_by_fk FOREIGN KEY (placed_by) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT legal_holds_released_by_fk FOREIGN KEY (released_by) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT legal_holds_reason_ck CHECK (length(reason) BETWEEN 1 AND 2000 AND length(release_reason) BETWEEN 1 AND 2000),
  CONSTRAINT legal_holds_release_ck CHECK (num_nulls(release_reason, released_by, released_at) IN (0, 3))
);
CREATE INDEX legal_holds_inference_result_id_ix ON legal_holds (inference_result_id, placed_at);

-- Nothing under hold, or before its time, or in one step, is deleted; and no statement brings its time nearer. Whoever asks.
CREATE FUNCTION guard_result_retention() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION 'results are purged one by one' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'inference_results_retention';
  END IF;
  IF TG_OP = 'DELETE' THEN
    IF OLD.legal_hold THEN
      RAISE EXCEPTION 'result % is under legal hold', OLD.id USING ERRCODE = 'restrict_violation', CONSTRAINT = 'inference_results_legal_hold';
    END IF;
    IF OLD.expires_at IS NULL OR OLD.expires_at > now() OR OLD.purge_after IS NULL OR OLD.purge_after > now() THEN
      RAISE EXCEPTION 'result % must still be kept', OLD.id USING ERRCODE = 'restrict_violation', CONSTRAINT = 'inference_results_retention';
    END IF;
    RETURN OLD;
  END IF;
  IF coalesce(NEW.expires_at, 'infinity') < coalesce(OLD.expires_at, 'infinity') OR NEW.purge_after < OLD.purge_after THEN
    RAISE EXCEPTION 'the time of result % can only become later', OLD.id USING ERRCODE = 'restrict_violation', CONSTRAINT = 'inference_results_retention';
  END IF;
  IF NEW.marked_at IS NOT NULL AND coalesce(NEW.expires_at, 'infinity') > now() THEN
    RAISE EXCEPTION 'result % has not expired', OLD.id USING ERRCODE = 'restrict_violation', CONSTRAINT = 'inference_results_retention';
  END IF;
  IF NEW.legal_hold IS DISTINCT FROM EXISTS (SELECT FROM legal_holds WHERE inference_result_id = NEW.id AND released_at IS NULL) THEN
    RAISE EXCEPTION 'a hold on result % is placed and released in legal_holds', OLD.id USING ERRCODE = 'restrict_violation', CONSTRAINT = 'inference_results_legal_hold';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER inference_results_retention BEFORE DELETE OR UPDATE OF expires_at, legal_hold, marked_at, purge_after ON inference_results
  FOR EACH ROW EXECUTE FUNCTION guard_result_retention();
CREATE TRIGGER inference_results_no_truncate BEFORE TRUNCATE ON inference_results
  FOR EACH STATEMENT EXECUTE FUNCTION guard_result_retention();
ALTER TABLE inference_results ENABLE ALWAYS TRIGGER inference_results_retention;
ALTER TABLE inference_results ENABLE ALWAYS TRIGGER inference_results_no_truncate;

-- Nor is it emptied: what was said, of what and by what, is never rewritten.
CREATE FUNCTION refuse_result_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what a result says is never changed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'inference_results_content';
END
$$;
CREATE TRIGGER inference_results_content BEFORE UPDATE OF
  id, model_version_id, model_status, confidence_score, prediction, outputs, error, is_valid, study_date, anatomical_region,
  image_width, image_height, image_format, image_hash, model_file_hash, manifest_hash, runtime_version, created_by, created_at
  ON inference_results FOR EACH STATEMENT EXECUTE FUNCTION refuse_result_rewrite();
ALTER TABLE inference_results ENABLE ALWAYS TRIGGER inference_results_content;

CREATE FUNCTION guard_legal_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.released_at IS NOT NULL OR NEW.released_at IS NULL
     OR (OLD.id, OLD.inference_result_id, OLD.reason, OLD.placed_by, OLD.placed_at) IS DISTINCT FROM
        (NEW.id, NEW.inference_result_id, NEW.reason, NEW.placed_by, NEW.placed_at) THEN
    RAISE EXCEPTION 'a hold is released once and not changed' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'legal_holds_permanent';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER legal_holds_guard BEFORE UPDATE ON legal_holds FOR EACH ROW EXECUTE FUNCTION guard_legal_hold();
ALTER TABLE legal_holds ENABLE ALWAYS TRIGGER legal_holds_guard;

-- A hold undoes the mark; when the last one is released, a result that has expired is marked anew, with its whole grace time.
CREATE FUNCTION follow_legal_hold() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
  held boolean;
BEGIN
  PERFORM FROM inference_results WHERE id = NEW.inference_result_id FOR NO KEY UPDATE; -- of two at once, the second sees the first
  held := EXISTS (SELECT FROM legal_holds WHERE inference_result_id = NEW.inference_result_id AND released_at IS NULL);
  UPDATE inference_results SET legal_hold = held,
    marked_at = CASE WHEN NOT held THEN marked_at END, purge_after = CASE WHEN NOT held THEN purge_after END
  WHERE id = NEW.inference_result_id;
  RETURN NULL;
END
$$;
CREATE TRIGGER legal_holds_follow AFTER INSERT OR UPDATE ON legal_holds FOR EACH ROW EXECUTE FUNCTION follow_legal_hold();
ALTER TABLE legal_holds ENABLE ALWAYS TRIGGER legal_holds_follow;

-- What hangs on a result goes with it and not before.
CREATE FUNCTION refuse_removal_alone() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' OR EXISTS (SELECT FROM inference_results WHERE id = OLD.inference_result_id) THEN
    RAISE EXCEPTION 'a row of % goes only with its result', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = 'inference_results_retention';
  END IF;
  RETURN OLD;
END
$$;
DO $$
DECLARE
  dependant text;
BEGIN
  FOREACH dependant IN ARRAY ARRAY['validation_results', 'result_reviews', 'legal_holds'] LOOP
    EXECUTE format('CREATE TRIGGER %1$s_not_alone BEFORE DELETE ON %1$s FOR EACH ROW EXECUTE FUNCTION refuse_removal_alone()', dependant);
    EXECUTE format('CREATE TRIGGER %1$s_no_truncate BEFORE TRUNCATE ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal_alone()', dependant);
    EXECUTE format('ALTER TABLE %1$s ENABLE ALWAYS TRIGGER %1$s_not_alone, ENABLE ALWAYS TRIGGER %1$s_no_truncate', dependant);
  END LOOP;
END
$$;

-- The signature under an approval goes with the review it stands under; every other signature stays.
DROP TRIGGER electronic_signatures_append_only ON electronic_signatures;
CREATE TRIGGER electronic_signatures_append_only BEFORE UPDATE OR TRUNCATE ON electronic_signatures
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE electronic_signatures ENABLE ALWAYS TRIGGER electronic_signatures_append_only;

CREATE FUNCTION guard_signature_removal() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  IF OLD.record_type <> 'result_review' OR EXISTS (SELECT FROM result_reviews WHERE id = OLD.record_id) THEN
    RAISE EXCEPTION 'DELETE on electronic_signatures is refused: it is append-only, and a signature goes only with its record' USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'electronic_signatures_permanent';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER electronic_signatures_permanent BEFORE DELETE ON electronic_signatures
  FOR EACH ROW EXECUTE FUNCTION guard_signature_removal();
ALTER TABLE electronic_signatures ENABLE ALWAYS TRIGGER electronic_signatures_permanent;

CREATE FUNCTION remove_review_signature() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  DELETE FROM electronic_signatures WHERE id = OLD.signature_id;
  RETURN NULL;
END
$$;
CREATE TRIGGER result_reviews_signature AFTER DELETE ON result_reviews
  FOR EACH ROW WHEN (OLD.signature_id IS NOT NULL) EXECUTE FUNCTION remove_review_signature();

-- What a purge leaves of a result: SHA-256 (hex) over what was said, of what, by what and when. Not over what changes without
-- meaning: the pseudonym, which a new key changes, and the state of the deletion itself.
CREATE FUNCTION result_record_hash(result inference_results) RETURNS text
  LANGUAGE sql STABLE SET timezone = 'UTC' SET extra_float_digits = 1 AS $$
  SELECT encode(sha256(convert_to(json_build_array(
    result.id, result.batch_id, result.model_version_id, result.model_status, result.status, result.confidence_score,
    result.prediction, result.outputs, result.error, result.study_date, result.anatomical_region, result.image_hash,
    result.model_file_hash, result.manifest_hash, result.runtime_version, result.created_by, result.created_at,
    result.expires_at, result.review_revision, result.reviewed_by, result.reviewed_at, result.review_comments
  )::text, 'UTF8')), 'hex')
$$;
