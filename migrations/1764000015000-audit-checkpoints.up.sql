-- Signed statements about the first `size` entries. What is asked for by column is read out of the signed text.
CREATE TABLE audit_checkpoints (
  note      text        NOT NULL, -- C2SP tlog-checkpoint: origin, size, root, empty line, signatures of the log
  size      bigint      NOT NULL GENERATED ALWAYS AS (split_part(note, E'\n', 2)::bigint) STORED,
  head_hash bytea       NOT NULL, -- entry_hash of entry `size` when it was signed
  signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT audit_checkpoints_pk PRIMARY KEY (size),
  CONSTRAINT audit_checkpoints_size_ck CHECK (size > 0),
  CONSTRAINT audit_checkpoints_head_hash_ck CHECK (length(head_hash) = 32)
);

-- The complete parts of the RFC 6962 tree, 256 hashes wide and 8 levels high, as in C2SP tlog-tiles: level 0 holds leaf
-- hashes, level n + 1 the roots of level n. What is not complete yet is computed from audit_logs.
CREATE TABLE audit_tiles (
  level      smallint NOT NULL,
  tile_index bigint   NOT NULL,
  hashes     bytea    NOT NULL,
  root       bytea    NOT NULL,
  CONSTRAINT audit_tiles_pk PRIMARY KEY (level, tile_index),
  CONSTRAINT audit_tiles_position_ck CHECK (level >= 0 AND tile_index >= 0),
  CONSTRAINT audit_tiles_hashes_ck CHECK (length(hashes) = 8192 AND length(root) = 32)
);

-- Who outside the database has taken a checkpoint.
CREATE TABLE audit_publications (
  target       text        NOT NULL,
  size         bigint      NOT NULL,
  cosignatures text,       -- lines of a witness (C2SP tlog-cosignature)
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT audit_publications_pk PRIMARY KEY (target, size),
  CONSTRAINT audit_publications_target_ck CHECK (target IN ('anchor', 'witness')),
  CONSTRAINT audit_publications_size_fk FOREIGN KEY (size) REFERENCES audit_checkpoints (size) ON DELETE RESTRICT
);
CREATE INDEX audit_publications_size_ix ON audit_publications (size);

CREATE TRIGGER audit_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_tiles_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tiles
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_publications_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_publications
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_checkpoints ENABLE ALWAYS TRIGGER audit_checkpoints_append_only;
ALTER TABLE audit_tiles ENABLE ALWAYS TRIGGER audit_tiles_append_only;
ALTER TABLE audit_publications ENABLE ALWAYS TRIGGER audit_publications_append_only;
