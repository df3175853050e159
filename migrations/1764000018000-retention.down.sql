DROP FUNCTION result_record_hash;
DROP TRIGGER result_reviews_signature ON result_reviews;
DROP FUNCTION remove_review_signature;
DROP TRIGGER electronic_signatures_permanent ON electronic_signatures;
DROP FUNCTION guard_signature_removal;
DROP TRIGGER electronic_signatures_append_only ON electronic_signatures;
CREATE TRIGGER electronic_signatures_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON electronic_signatures
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE electronic_signatures ENABLE ALWAYS TRIGGER electronic_signatures_append_only;
DROP TRIGGER result_reviews_no_truncate ON result_reviews;
DROP TRIGGER result_reviews_not_alone ON result_reviews;
DROP TRIGGER validation_results_no_truncate ON validation_results;
DROP TRIGGER validation_results_not_alone ON validation_results;
DROP TABLE legal_holds;
DROP FUNCTION refuse_removal_alone;
DROP FUNCTION follow_legal_hold;
DROP FUNCTION guard_legal_hold;
DROP TRIGGER inference_results_content ON inference_results;
DROP FUNCTION refuse_result_rewrite;
DROP TRIGGER inference_results_no_truncate ON inference_results;
DROP TRIGGER inference_results_retention ON inference_results;
DROP FUNCTION guard_result_retention;
DROP INDEX inference_results_legal_hold_ix, inference_results_marked_at_ix, inference_results_purge_after_ix, inference_results_expires_at_ix;
ALTER TABLE inference_results
  DROP CONSTRAINT inference_results_marked_ck,
  DROP COLUMN purge_after,
  DROP COLUMN marked_at,
  DROP COLUMN legal_hold;
