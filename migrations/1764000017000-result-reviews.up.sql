ALTER TABLE inference_results
  ADD COLUMN review_revision integer NOT NULL DEFAULT 0, -- of the newest review; 0: none yet
  ADD CONSTRAINT inference_results_review_revision_ck CHECK (review_revision >= 0);

-- What was said about a result, revision by revision. A correction is a new one; the old one stays.
CREATE TABLE result_reviews (
  id                  uuid        NOT NULL,
  inference_result_id uuid        NOT NULL,
  revision            integer     NOT NULL,
  decision            text        NOT NULL,
  label               text,                -- the reviewer's own judgement: one of the model's labels
  comments            text,
  reviewed_by         uuid        NOT NULL,
  reviewed_at         timestamptz NOT NULL,
  signature_id        uuid,                -- of an approval
  CONSTRAINT result_reviews_pk PRIMARY KEY (id),
  CONSTRAINT result_reviews_revision_uq UNIQUE (inference_result_id, revision),
  CONSTRAINT result_reviews_inference_result_id_fk FOREIGN KEY (inference_result_id) REFERENCES inference_results (id) ON DELETE CASCADE,
  CONSTRAINT result_reviews_reviewed_by_fk FOREIGN KEY (reviewed_by) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT result_reviews_signature_id_fk FOREIGN KEY (signature_id) REFERENCES electronic_signatures (id) ON DELETE RESTRICT,
  CONSTRAINT result_reviews_decision_ck CHECK (decision IN ('reviewed', 'corrected', 'approved')),
  CONSTRAINT result_reviews_signature_ck CHECK ((decision = 'approved') = (signature_id IS NOT NULL)),
  CONSTRAINT result_reviews_revision_ck CHECK (revision > 0),
  CONSTRAINT result_reviews_comments_ck CHECK (length(comments) BETWEEN 1 AND 4000)
);

CREATE FUNCTION refuse_review_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a review is never changed: add a revision' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER result_reviews_no_rewrite BEFORE UPDATE OR TRUNCATE ON result_reviews
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_review_change();
ALTER TABLE result_reviews ENABLE ALWAYS TRIGGER result_reviews_no_rewrite;
