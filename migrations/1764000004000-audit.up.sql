-- Committed with the business rows; the sequencer moves the entries on into audit_logs.
CREATE TABLE audit_inbox (
  id        bigint GENERATED ALWAYS AS IDENTITY,
  event_id  uuid        NOT NULL,
  canonical text        NOT NULL, -- RFC 8785
  queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT audit_inbox_pk PRIMARY KEY (id),
  CONSTRAINT audit_inbox_event_id_uq UNIQUE (event_id)
);

-- Query columns are generated from the hashed text, so that no column can say what was not hashed.
CREATE TABLE audit_logs (
  seq           bigint      NOT NULL,
  canonical     text        NOT NULL,
  entry_hash    bytea       NOT NULL,
  previous_hash bytea       NOT NULL,
  sequenced_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id      uuid NOT NULL GENERATED ALWAYS AS ((canonical::jsonb ->> 'event_id')::uuid) STORED,
  occurred_at   text NOT NULL GENERATED ALWAYS AS (canonical::jsonb ->> 'occurred_at') STORED, -- ISO 8601 UTC, sorts as text
  actor_id      text GENERATED ALWAYS AS (canonical::jsonb ->> 'actor_id') STORED,
  action        text NOT NULL GENERATED ALWAYS AS (canonical::jsonb ->> 'action') STORED,
  object_type   text GENERATED ALWAYS AS (canonical::jsonb ->> 'object_type') STORED,
  object_id     text GENERATED ALWAYS AS (canonical::jsonb ->> 'object_id') STORED,
  outcome       text NOT NULL GENERATED ALWAYS AS (canonical::jsonb ->> 'outcome') STORED,
  CONSTRAINT audit_logs_pk PRIMARY KEY (seq),
  CONSTRAINT audit_logs_event_id_uq UNIQUE (event_id),
  CONSTRAINT audit_logs_seq_ck CHECK (seq > 0),
  CONSTRAINT audit_logs_entry_hash_ck CHECK (length(entry_hash) = 32 AND length(previous_hash) = 32)
);
CREATE INDEX audit_logs_actor_id_ix ON audit_logs (actor_id, seq);
CREATE INDEX audit_logs_object_id_ix ON audit_logs (object_id, seq);
CREATE INDEX audit_logs_action_ix ON audit_logs (action, seq);
CREATE INDEX audit_logs_occurred_at_ix ON audit_logs (occurred_at);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_inbox_no_rewrite BEFORE UPDATE OR TRUNCATE ON audit_inbox
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
ALTER TABLE audit_logs ENABLE ALWAYS TRIGGER audit_logs_append_only;
ALTER TABLE audit_inbox ENABLE ALWAYS TRIGGER audit_inbox_no_rewrite;
