CREATE TABLE users (
  id                    uuid        NOT NULL,
  username              text        NOT NULL, -- folded: NFKC, lower case
  email                 text        NOT NULL,
  password_hash         text        NOT NULL, -- argon2id, PHC string
  role                  text        NOT NULL,
  full_name             text        NOT NULL,
  organization          text,
  is_active             boolean     NOT NULL DEFAULT true,
  failed_login_attempts integer     NOT NULL DEFAULT 0,
  last_login_attempt_at timestamptz,
  locked_until          timestamptz,
  last_login_at         timestamptz,
  password_changed_at   timestamptz, -- null: still the password that somebody else chose
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  deactivated_at        timestamptz,
  CONSTRAINT users_pk PRIMARY KEY (id),
  CONSTRAINT users_username_uq UNIQUE (username),
  CONSTRAINT users_email_uq UNIQUE (email),
  CONSTRAINT users_role_ck CHECK (role IN ('admin', 'model_manager', 'approver', 'clinician', 'integration', 'viewer', 'auditor')),
  CONSTRAINT users_failed_login_attempts_ck CHECK (failed_login_attempts >= 0)
);

CREATE TABLE refresh_tokens (
  id         uuid        NOT NULL,
  family_id  uuid        NOT NULL, -- the session: `sid` of its access tokens
  user_id    uuid        NOT NULL,
  token_hash bytea       NOT NULL, -- SHA-256 of the opaque token
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL, -- idle limit
  family_expires_at timestamptz NOT NULL, -- absolute limit
  used_at    timestamptz,
  revoked_at timestamptz,
  CONSTRAINT refresh_tokens_pk PRIMARY KEY (id),
  CONSTRAINT refresh_tokens_token_hash_uq UNIQUE (token_hash),
  CONSTRAINT refresh_tokens_user_id_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX refresh_tokens_family_id_ix ON refresh_tokens (family_id);

CREATE TABLE revoked_tokens (
  jti        uuid        NOT NULL,
  user_id    uuid        NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT revoked_tokens_pk PRIMARY KEY (jti),
  CONSTRAINT revoked_tokens_user_id_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT
);
CREATE INDEX revoked_tokens_expires_at_ix ON revoked_tokens (expires_at);
