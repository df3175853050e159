DROP TABLE model_transitions;
DROP TABLE electronic_signatures;
DROP FUNCTION refuse_change();
DROP TRIGGER model_versions_guard ON model_versions;
DROP FUNCTION guard_model_version();
DROP INDEX model_versions_file_hash_ix;
DROP INDEX model_versions_status_ix;
ALTER TABLE model_versions DROP COLUMN validation_baseline, DROP COLUMN self_test, DROP COLUMN onnx;
