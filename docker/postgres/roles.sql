-- The roles of MedAI Flow. Run it as a superuser before the first migration; running it again changes nothing.
--   medai_owner        owns the schema and runs the migrations (DATABASE_MIGRATION_URL)
--   medai_application  serves requests; may add to the audit inbox and read the trail (DATABASE_URL)
--   medai_sequencer    moves entries from the inbox into the chain (DATABASE_SEQUENCER_URL)
-- What each may do is in migrations/grants.sql, which every migration run applies. Then, with a password each:
--   ALTER ROLE medai_owner LOGIN PASSWORD '…';  and likewise for the others, or GRANT them to logins that you have;
--   CREATE DATABASE medai OWNER medai_owner;    or ALTER DATABASE medai OWNER TO medai_owner;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['medai_owner', 'medai_application', 'medai_sequencer'] LOOP
    IF to_regrole(name) IS NULL THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', name);
    END IF;
  END LOOP;
END
$$;
