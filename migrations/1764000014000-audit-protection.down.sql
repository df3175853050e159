DROP TRIGGER audit_logs_columns ON audit_logs;
DROP FUNCTION read_audit_columns();
ALTER TABLE audit_logs
  DROP COLUMN event_id, DROP COLUMN occurred_at, DROP COLUMN actor_id, DROP COLUMN action,
  DROP COLUMN object_type, DROP COLUMN object_id, DROP COLUMN outcome;
ALTER TABLE audit_logs
  ADD COLUMN event_id    uuid NOT NULL GENERATED ALWAYS AS ((canonical::jsonb ->> 'event_id')::uuid) STORED,
  ADD COLUMN occurred_at text NOT NULL GENERATED ALWAYS AS (canonical::jsonb ->> 'occurred_at') STORED,
  ADD COLUMN actor_id    text GENERATED ALWAYS AS (canonical::jsonb ->> 'actor_id') STORED,
  ADD COLUMN action      text NOT NULL GENERATED ALWAYS AS (canonical::jsonb ->> 'action') STORED,
  ADD COLUMN object_type text GENERATED ALWAYS AS (canonical::jsonb ->> 'object_type') STORED,
  ADD COLUMN object_id   text GENERATED ALWAYS AS (canonical::jsonb ->> 'object_id') STORED,
  ADD COLUMN outcome     text NOT NULL GENERATED ALWAYS AS (canonical::jsonb ->> 'outcome') STORED,
  ADD CONSTRAINT audit_logs_event_id_uq UNIQUE (event_id);
CREATE INDEX audit_logs_actor_id_ix ON audit_logs (actor_id, seq);
CREATE INDEX audit_logs_object_id_ix ON audit_logs (object_id, seq);
CREATE INDEX audit_logs_action_ix ON audit_logs (action, seq);
CREATE INDEX audit_logs_occurred_at_ix ON audit_logs (occurred_at);

ALTER TABLE audit_inbox RESET (
  autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay,
  autovacuum_analyze_scale_factor, autovacuum_analyze_threshold, vacuum_truncate
);
DROP TRIGGER audit_inbox_into_chain ON audit_inbox;
DROP FUNCTION refuse_unchained_removal();
ALTER TABLE audit_inbox DROP CONSTRAINT audit_inbox_canonical_ck;
