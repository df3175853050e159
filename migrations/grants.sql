-- What the roles of docker/postgres/roles.sql may do. Applied after every migration run, so that it holds for new tables
-- too. Without these roles, when one role does everything, it changes nothing.
-- A table named audit_… is append-only: the application reads it, the sequencer adds to it, the owner archives.
DO $$
DECLARE
  audit_table regclass;
BEGIN
  IF to_regrole('medai_application') IS NULL OR to_regrole('medai_sequencer') IS NULL THEN
    RETURN;
  END IF;

  REVOKE ALL ON ALL TABLES IN SCHEMA public FROM medai_application, medai_sequencer;
  GRANT USAGE ON SCHEMA public TO medai_application, medai_sequencer;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO medai_application;
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO medai_application;
  REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM medai_application;

  FOR audit_table IN
    SELECT oid FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname LIKE 'audit\_%'
  LOOP
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %s FROM medai_application', audit_table);
    EXECUTE format('GRANT SELECT ON %s TO medai_sequencer', audit_table);
  END LOOP;

  FOR audit_table IN
    SELECT to_regclass(name) FROM unnest(ARRAY['audit_checkpoints', 'audit_tiles', 'audit_publications']) AS name
    WHERE to_regclass(name) IS NOT NULL
  LOOP
    EXECUTE format('GRANT INSERT ON %s TO medai_sequencer', audit_table);
  END LOOP;

  -- Column by column, so that nobody chooses the database's own times.
  IF to_regclass('audit_inbox') IS NOT NULL THEN
    GRANT INSERT (event_id, canonical) ON audit_inbox TO medai_application, medai_sequencer;
    GRANT DELETE ON audit_inbox TO medai_sequencer;
    GRANT INSERT (seq, canonical, entry_hash, previous_hash) ON audit_logs TO medai_sequencer;
  END IF;
END
$$;
