-- Keys of access tokens that signed here, so that each change of keys is in the audit trail once, whichever replica saw it
-- first and whether or not one was running.
CREATE TABLE signing_keys (
  kid         text        NOT NULL, -- RFC 7638
  signs_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  retired_at  timestamptz,          -- its tokens are refused from then on
  CONSTRAINT signing_keys_pk PRIMARY KEY (kid)
);
