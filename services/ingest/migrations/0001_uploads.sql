-- Uploads that are running, finished or refused; what was withdrawn; events waiting for the broker.

CREATE TABLE uploads (
    video_id        text        PRIMARY KEY,
    run_id          text        NOT NULL,
    site_id         text        NOT NULL,
    camera_id       text,
    layout_key      text,
    manifest_key    text        NOT NULL,
    sampling        text        NOT NULL,  -- JSON, as asked for
    make            text[]      NOT NULL,
    started_at      timestamptz,           -- of the recording, as the uploader says
    max_bytes       bigint      NOT NULL,
    max_duration_ms bigint      NOT NULL,
    metadata        text        NOT NULL DEFAULT '',  -- tus Upload-Metadata, as sent
    length          bigint,                -- declared size; null while it is deferred
    status          text        NOT NULL DEFAULT 'receiving'
                    CHECK (status IN ('receiving', 'received', 'stored', 'rejected')),
    size_bytes      bigint,
    sha256          text,
    code            text,                  -- why it was refused
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    received_at     timestamptz,
    finished_at     timestamptz
);
CREATE INDEX uploads_open ON uploads (status, expires_at) WHERE status IN ('receiving', 'received');

-- Cancelled, terminated or deleted: an upload token for it opens nothing any more.
CREATE TABLE withdrawn (
    video_id     text        PRIMARY KEY,
    withdrawn_at timestamptz NOT NULL
);

-- Events that belong to a committed change and wait for the broker (chassis.outbox).
-- A row is deleted when the broker has acknowledged it. Order holds for each bucket, so for each key.
CREATE TABLE outbox (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket        smallint    NOT NULL,
    topic         text        NOT NULL,
    key           bytea,
    value         bytea,
    header_names  text[]      NOT NULL,
    header_values bytea[]     NOT NULL,
    lane          text        NOT NULL,
    partition     integer,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX outbox_by_bucket ON outbox (bucket, id);
