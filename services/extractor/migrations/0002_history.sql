-- What a job went through: its transitions, and every failed try of a segment, those too that a later try mended.
CREATE TABLE history (
    run_id       text        NOT NULL REFERENCES jobs ON DELETE CASCADE,
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempt      integer     NOT NULL,
    state        text        NOT NULL,
    stage        text        NOT NULL,
    segment      integer,              -- whose try failed; null: the job itself changed
    tries        integer,              -- of that segment so far
    error_code   text,
    error_detail text
);
CREATE INDEX history_by_run ON history (run_id, id);
