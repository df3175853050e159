-- Who an account is at the identity provider. Never its e-mail, which may be given to somebody else.
CREATE TABLE user_identities (
  issuer     text        NOT NULL,
  subject    text        NOT NULL,
  user_id    uuid        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_identities_pk PRIMARY KEY (issuer, subject),
  CONSTRAINT user_identities_user_id_uq UNIQUE (user_id),
  CONSTRAINT user_identities_user_id_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT
);

-- Logins that are at the provider now. Each comes back once, to the browser that it left.
CREATE TABLE sso_logins (
  state_hash    bytea       NOT NULL, -- SHA-256
  browser_hash  bytea       NOT NULL, -- SHA-256 of what the browser's cookie holds
  code_verifier text        NOT NULL,
  nonce         text        NOT NULL,
  expires_at    timestamptz NOT NULL,
  CONSTRAINT sso_logins_pk PRIMARY KEY (state_hash)
);
CREATE INDEX sso_logins_expires_at_ix ON sso_logins (expires_at);
