-- A request that may be sent again: whose it is, and the id that what it makes will have. It is answered when a result or
-- a batch of that id exists, which commits by itself with everything it is made of: there is nothing here to keep in step.
CREATE TABLE idempotency_keys (
  principal_id uuid        NOT NULL,
  route        text        NOT NULL,
  key_hash     bytea       NOT NULL, -- SHA-256 of the key: clients may have put anything into it
  fingerprint  bytea       NOT NULL, -- SHA-256 of the key and the request
  object_id    uuid        NOT NULL, -- of the result or the batch
  claim_id     uuid        NOT NULL, -- of the request that works on it
  leased_until timestamptz NOT NULL, -- from then on, unanswered, another may work on it
  expires_at   timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_pk PRIMARY KEY (principal_id, route, key_hash),
  CONSTRAINT idempotency_keys_principal_id_fk FOREIGN KEY (principal_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT idempotency_keys_hashes_ck CHECK (octet_length(key_hash) = 32 AND octet_length(fingerprint) = 32)
);
CREATE INDEX idempotency_keys_expires_at_ix ON idempotency_keys (expires_at);

-- json keeps the text as it was answered; jsonb would put the fields into another order.
ALTER TABLE inference_results ALTER COLUMN processing TYPE json USING processing::json;
