-- Inferences that are under way for long: what is known of them should the server that runs them die.
CREATE TABLE inference_requests (
  id           uuid        NOT NULL,
  object_type  text        NOT NULL,
  object_id    uuid        NOT NULL, -- of the result or the batch to be; not unique, a request may be sent again
  actor_id     uuid        NOT NULL,
  actor_role   text        NOT NULL,
  requested_at timestamptz NOT NULL,
  seen_at      timestamptz NOT NULL DEFAULT clock_timestamp(), -- the server that runs it lived
  CONSTRAINT inference_requests_pk PRIMARY KEY (id),
  CONSTRAINT inference_requests_object_type_ck CHECK (object_type IN ('inference_result', 'inference_batch'))
);
