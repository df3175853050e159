-- Ranges of entries that have left audit_logs for a file. Their leaf hashes stay, in audit_tiles.
CREATE TABLE audit_archives (
  first_seq      bigint      NOT NULL,
  last_seq       bigint      NOT NULL, -- size of a checkpoint
  file_hash      bytea       NOT NULL, -- SHA-256 of the file, whose lines are those of GET /audit/entries
  entry_hash     bytea       NOT NULL, -- of entry last_seq: the chain goes on from it
  event_id       uuid        NOT NULL, -- of the entry audit.archived that names all this
  retention_days integer     NOT NULL,
  archived_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT audit_archives_pk PRIMARY KEY (last_seq),
  CONSTRAINT audit_archives_range_ck CHECK (first_seq > 0 AND last_seq >= first_seq),
  CONSTRAINT audit_archives_hashes_ck CHECK (length(file_hash) = 32 AND length(entry_hash) = 32),
  CONSTRAINT audit_archives_retention_days_ck CHECK (retention_days >= 365)
);

-- Where an archived entry stood, so that it can still be asked for by its id.
CREATE TABLE audit_archived_entries (
  event_id uuid   NOT NULL,
  seq      bigint NOT NULL,
  CONSTRAINT audit_archived_entries_pk PRIMARY KEY (event_id)
);

-- What may be archived: the oldest entries there are, all as old as they must be, up to a checkpoint that is outside the
-- database, with an entry in the same transaction that says so. The newest entry stays: the chain goes on from it.
CREATE FUNCTION check_audit_archive() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
  wrong text := CASE
    WHEN NEW.first_seq <> (SELECT coalesce(max(last_seq), 0) + 1 FROM audit_archives)
      THEN 'it does not begin where the last one ended'
    WHEN NOT EXISTS (SELECT FROM audit_checkpoints WHERE size = NEW.last_seq)
      THEN 'it does not end at a checkpoint'
    WHEN NOT EXISTS (SELECT FROM audit_publications WHERE size >= NEW.last_seq)
      THEN 'no checkpoint outside the database covers it'
    WHEN NOT EXISTS (SELECT FROM audit_logs WHERE seq > NEW.last_seq)
      THEN 'no entry would be left'
    WHEN NOT EXISTS (SELECT FROM audit_tiles WHERE level = 0 AND tile_index = (NEW.last_seq - 1) / 256)
      THEN 'its leaf hashes are not kept yet'
    WHEN NEW.entry_hash IS DISTINCT FROM (SELECT entry_hash FROM audit_logs WHERE seq = NEW.last_seq)
      THEN 'entry_hash is not that of its last entry'
    WHEN EXISTS (
      SELECT FROM audit_logs WHERE seq BETWEEN NEW.first_seq AND NEW.last_seq
        AND sequenced_at > clock_timestamp() - make_interval(days => NEW.retention_days)
    ) THEN 'an entry is younger than the retention'
    WHEN NOT EXISTS (
      SELECT FROM audit_inbox WHERE event_id = NEW.event_id AND canonical::jsonb @> jsonb_build_object(
        'action', 'audit.archived', 'details', jsonb_build_object(
          'first_seq', NEW.first_seq::text, 'last_seq', NEW.last_seq::text, 'archive_hash', encode(NEW.file_hash, 'hex')))
    ) THEN 'no entry of this transaction says so'
  END;
BEGIN
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'entries % to % cannot be archived: %', NEW.first_seq, NEW.last_seq, wrong
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER audit_archives_checked BEFORE INSERT ON audit_archives
  FOR EACH ROW EXECUTE FUNCTION check_audit_archive();

-- The only way out of the chain: into an archive, with the leaf hash of the very text that goes kept in the tree. A
-- change of keys stays; the checkpoints after it are verified with it.
CREATE FUNCTION refuse_unarchived_removal() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
  IF EXISTS (
    SELECT FROM removed
      LEFT JOIN audit_archives ON seq BETWEEN first_seq AND last_seq
      LEFT JOIN audit_tiles ON level = 0 AND tile_index = (seq - 1) / 256
    WHERE last_seq IS NULL OR action = 'key.rotated'
      OR sha256('\x00'::bytea || convert_to(canonical, 'UTF8'))
        IS DISTINCT FROM substr(hashes, ((seq - 1) % 256)::int * 32 + 1, 32)
  ) THEN
    RAISE EXCEPTION 'the audit trail is append-only: an entry leaves it only into an archive'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO audit_archived_entries (event_id, seq) SELECT event_id, seq FROM removed;
  RETURN NULL;
END
$$;
DROP TRIGGER audit_logs_append_only ON audit_logs;
CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR TRUNCATE ON audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_logs_into_archive AFTER DELETE ON audit_logs
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION refuse_unarchived_removal();

CREATE TRIGGER audit_archives_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_archives
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_archived_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_archived_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_logs_append_only;
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_logs_into_archive;
ALTER TABLE audit_archives ENABLE ALWAYS TRIGGER audit_archives_checked;
ALTER TABLE audit_archives ENABLE ALWAYS TRIGGER audit_archives_append_only;
ALTER TABLE audit_archived_entries ENABLE ALWAYS TRIGGER audit_archived_entries_append_only;
