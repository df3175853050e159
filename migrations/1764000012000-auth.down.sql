DROP TABLE used_assertions;
DROP TABLE service_keys;
DROP TABLE password_resets;
DROP TABLE revocation_generation;
DROP INDEX refresh_tokens_revoked_at_ix;
DROP INDEX refresh_tokens_user_id_ix;
ALTER TABLE refresh_tokens DROP COLUMN successor_salt;
DROP INDEX users_tokens_revoked_at_ix;
ALTER TABLE users
  DROP CONSTRAINT users_token_version_ck,
  DROP COLUMN previous_password_hash,
  DROP COLUMN tokens_revoked_at,
  DROP COLUMN token_version;
