DROP TABLE audit_logs;
DROP TABLE audit_inbox;
DROP FUNCTION refuse_audit_change();
