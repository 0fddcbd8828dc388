-- Events that belong to a committed change and are not published yet (chassis.outbox).
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
