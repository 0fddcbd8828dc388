-- Answers to requests that carried an Idempotency-Key, so that the same request again does nothing again.

CREATE TABLE idempotent_answers (
    key_id text NOT NULL REFERENCES keys ON DELETE CASCADE,
    route text NOT NULL,
    name_hash bytea NOT NULL,
    body_hash bytea NOT NULL,
    attempt text NOT NULL,
    started_at timestamptz NOT NULL,
    status integer,
    answer bytea,
    PRIMARY KEY (key_id, route, name_hash)
);
COMMENT ON TABLE idempotent_answers IS 'Answers kept for 24 h by API key, path and Idempotency-Key.';
COMMENT ON COLUMN idempotent_answers.status IS 'Null: the request is in flight, or its process was killed.';
COMMENT ON COLUMN idempotent_answers.answer IS 'Headers and body, sealed: the answer may hold a new key or an upload token.';
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (started_at);
