-- One run of an uploaded video through extraction.
CREATE TABLE jobs (
    run_id        text        PRIMARY KEY,
    video_id      text        NOT NULL,
    site_id       text        NOT NULL,
    upload        jsonb       NOT NULL, -- value of the video.uploaded record
    cause         jsonb       NOT NULL, -- its id, correlation id and traceparent
    state         text        NOT NULL CHECK (state IN ('queued', 'processing', 'done', 'failed', 'cancelled')),
    stage         text        NOT NULL DEFAULT 'plan' CHECK (stage IN ('plan', 'extract', 'publish', 'done')),
    attempt       integer     NOT NULL DEFAULT 1,
    sequence      bigint      NOT NULL DEFAULT -1, -- of the last video.progress
    start_pts     bigint,               -- presentation time of the first displayable frame, ticks
    duration_ms   bigint,
    expected      integer,              -- frames, where the plan knows
    total         integer,              -- frames, once every segment is done
    published     integer     NOT NULL DEFAULT 0, -- frames 0 .. published-1 are on the topic
    marked        integer     NOT NULL DEFAULT 0, -- attempt whose failure was told by a last marker; 0: none
    error_code    text,
    error_detail  text,
    gaps          jsonb       NOT NULL DEFAULT '[]',
    first_thumb   boolean     NOT NULL DEFAULT false,
    best_thumb    boolean     NOT NULL DEFAULT false,
    dirty         boolean     NOT NULL DEFAULT false, -- something worth telling since the last video.progress
    told_at       timestamptz NOT NULL DEFAULT '-infinity',
    served_at     timestamptz NOT NULL DEFAULT '-infinity', -- a worker last took a segment: the longest ago is next
    publisher     text,
    publish_fence bigint      NOT NULL DEFAULT 0,
    publish_until timestamptz NOT NULL DEFAULT '-infinity',
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX jobs_active ON jobs (served_at) WHERE state IN ('queued', 'processing');

-- What one worker does at a time; number 0 makes the plan. Claimed with SKIP LOCKED, held by lease and fence.
CREATE TABLE segments (
    run_id      text        NOT NULL REFERENCES jobs ON DELETE CASCADE,
    number      integer     NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('plan', 'planned', 'straight')),
    state       text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'failed')),
    first_index integer     NOT NULL DEFAULT 0,
    wanted      bigint[]    NOT NULL DEFAULT '{}', -- presentation times, ticks
    seek        bigint,                            -- keyframe to begin at, ticks; null: start of the file
    after       bigint,                            -- last frame of the segments before, ticks
    from_ms     bigint      NOT NULL DEFAULT 0,
    to_ms       bigint,
    done_ms     bigint      NOT NULL DEFAULT 0,    -- media time that is through
    frames      integer     NOT NULL DEFAULT 0,
    owner       text,
    fence       bigint      NOT NULL DEFAULT 0,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    tries       integer     NOT NULL DEFAULT 0,
    not_before  timestamptz NOT NULL DEFAULT '-infinity',
    error_code  text,
    best_score  double precision,
    best_thumb  bytea,
    PRIMARY KEY (run_id, number)
);
CREATE INDEX segments_open ON segments (run_id, number) WHERE state = 'open';

-- Stored frames that are not published yet.
CREATE TABLE frames (
    run_id     text             NOT NULL REFERENCES jobs ON DELETE CASCADE,
    index      integer          NOT NULL,
    segment    integer          NOT NULL,
    media_ms   bigint           NOT NULL,
    width      integer          NOT NULL,
    height     integer          NOT NULL,
    size_bytes integer          NOT NULL,
    keyframe   boolean          NOT NULL,
    sharpness  double precision NOT NULL,
    brightness double precision NOT NULL,
    PRIMARY KEY (run_id, index)
);

-- A cancel that came before its video.uploaded.
CREATE TABLE early_cancels (
    run_id       text        PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Runs that are deleted: nothing of them may come back. Their objects are swept again after late writers are gone.
CREATE TABLE deletions (
    run_id       text        PRIMARY KEY,
    site_id      text        NOT NULL,
    sweeps       integer     NOT NULL DEFAULT 0,
    next_sweep   timestamptz NOT NULL DEFAULT clock_timestamp(),
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX deletions_due ON deletions (next_sweep);

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
