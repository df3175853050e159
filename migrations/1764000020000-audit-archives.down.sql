DROP TRIGGER audit_logs_into_archive ON audit_logs;
DROP TRIGGER audit_logs_append_only ON audit_logs;
CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_logs_append_only;
DROP FUNCTION refuse_unarchived_removal();
DROP TABLE audit_archived_entries;
DROP TABLE audit_archives;
DROP FUNCTION check_audit_archive();
