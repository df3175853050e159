ALTER TABLE users
  ADD COLUMN token_version          integer NOT NULL DEFAULT 0, -- access tokens of an earlier version are refused
  ADD COLUMN tokens_revoked_at      timestamptz,                -- when token_version was last raised
  ADD COLUMN previous_password_hash text,                       -- neither this nor the present password may come next
  ADD CONSTRAINT users_token_version_ck CHECK (token_version >= 0);
CREATE INDEX users_tokens_revoked_at_ix ON users (tokens_revoked_at);

ALTER TABLE refresh_tokens
  ADD COLUMN successor_salt bytea; -- HMAC key under which this token gives its successor again within the grace
CREATE INDEX refresh_tokens_user_id_ix ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_revoked_at_ix ON refresh_tokens (revoked_at);

-- A replica believes Redis only while the list there bears this number; raised when a revocation did not get there.
CREATE TABLE revocation_generation (
  singleton  boolean NOT NULL DEFAULT true,
  generation bigint  NOT NULL DEFAULT 1,
  CONSTRAINT revocation_generation_pk PRIMARY KEY (singleton),
  CONSTRAINT revocation_generation_singleton_ck CHECK (singleton)
);
INSERT INTO revocation_generation DEFAULT VALUES;

-- What an administrator hands over in place of a password. Used once.
CREATE TABLE password_resets (
  token_hash bytea       NOT NULL, -- SHA-256 of the opaque token
  user_id    uuid        NOT NULL,
  created_by uuid        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  CONSTRAINT password_resets_pk PRIMARY KEY (token_hash),
  CONSTRAINT password_resets_user_id_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT password_resets_created_by_fk FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX password_resets_user_id_ix ON password_resets (user_id);

-- Keys of service accounts: a secret of which only the hash is kept, or a public key that signs assertions.
CREATE TABLE service_keys (
  id           uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  kind         text        NOT NULL,
  name         text        NOT NULL,
  prefix       text,        -- api_key: the part of the key by which it is looked up
  secret_hash  bytea,       -- api_key: SHA-256 of the secret part
  public_key   text,        -- public_key: SPKI, PEM
  thumbprint   text,        -- public_key: RFC 7638, the kid of its assertions
  allowed_cidrs text[],     -- null: from anywhere
  created_by   uuid        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at   timestamptz,
  CONSTRAINT service_keys_pk PRIMARY KEY (id),
  CONSTRAINT service_keys_user_id_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT service_keys_created_by_fk FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE RESTRICT,
  CONSTRAINT service_keys_prefix_uq UNIQUE (prefix),
  CONSTRAINT service_keys_kind_ck CHECK (
    (kind = 'api_key' AND prefix IS NOT NULL AND secret_hash IS NOT NULL AND public_key IS NULL AND thumbprint IS NULL)
    OR (kind = 'public_key' AND prefix IS NULL AND secret_hash IS NULL AND public_key IS NOT NULL AND thumbprint IS NOT NULL)
  ),
  CONSTRAINT service_keys_expires_at_ck CHECK (expires_at > created_at AND expires_at <= created_at + interval '366 days')
);
CREATE INDEX service_keys_user_id_ix ON service_keys (user_id);

-- Assertions of service accounts that were used, until they expire: each counts once.
CREATE TABLE used_assertions (
  assertion_hash bytea       NOT NULL, -- SHA-256 of key id and jti
  expires_at     timestamptz NOT NULL,
  CONSTRAINT used_assertions_pk PRIMARY KEY (assertion_hash)
);
CREATE INDEX used_assertions_expires_at_ix ON used_assertions (expires_at);
