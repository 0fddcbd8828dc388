-- What the projector folds the topics into, and the log that the event stream tails.

CREATE TABLE videos (
    video_id text PRIMARY KEY,
    run_id text NOT NULL UNIQUE,
    site_id text NOT NULL REFERENCES sites,
    camera_id text,
    layout_key text,
    manifest_key text NOT NULL,
    filename text,
    sampling json NOT NULL,
    make text[] NOT NULL,
    started_at timestamptz,
    tables_expected text[] NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    created_by text NOT NULL,
    deleting_at timestamptz,
    finished_at timestamptz,
    facts json NOT NULL
);
COMMENT ON TABLE videos IS 'An upload and the run that it starts. The job document is computed from this row.';
COMMENT ON COLUMN videos.tables_expected IS 'Tables of the layout whose last state the run waits for.';
COMMENT ON COLUMN videos.facts IS 'What the topics have said about the run (api.project.fold.Facts).';
CREATE INDEX videos_by_site ON videos (site_id, video_id DESC);
CREATE INDEX videos_unfinished ON videos (site_id) WHERE finished_at IS NULL;

CREATE TABLE frames (
    run_id text NOT NULL,
    index integer NOT NULL,
    frame_id text NOT NULL,
    site_id text NOT NULL,
    object_key text NOT NULL,
    captured_at timestamptz NOT NULL,
    media_ms bigint NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    size_bytes bigint NOT NULL,
    keyframe boolean NOT NULL,
    sharpness double precision NOT NULL,
    brightness double precision NOT NULL,
    PRIMARY KEY (run_id, index)
);
COMMENT ON TABLE frames IS 'Frames of runs, in media order. Live frames have no rows.';

CREATE TABLE states (
    state_key text PRIMARY KEY,
    table_id text NOT NULL,
    site_id text NOT NULL,
    run_id text,
    camera_ids text[] NOT NULL,
    version bigint NOT NULL,
    gone boolean NOT NULL,
    as_of timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    document json NOT NULL
);
COMMENT ON TABLE states IS 'The newest state of each table, live (key table) and of each run (key table@run).';
COMMENT ON COLUMN states.gone IS 'A tombstone came; the row stays so that a late lower version is known as such.';
CREATE INDEX states_by_site ON states (site_id, state_key);
CREATE INDEX states_by_run ON states (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE hazards (
    hazard_id text PRIMARY KEY,
    site_id text NOT NULL,
    run_id text,
    camera_id text,
    version bigint NOT NULL,
    gone boolean NOT NULL,
    status text NOT NULL,
    opened_at timestamptz NOT NULL,
    document json NOT NULL
);
COMMENT ON TABLE hazards IS 'The newest record of each hazard alert.';
CREATE INDEX hazards_by_site ON hazards (site_id, opened_at DESC, hazard_id DESC);
CREATE INDEX hazards_by_run ON hazards (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE camera_statuses (
    camera_id text PRIMARY KEY,
    site_id text NOT NULL,
    version bigint NOT NULL,
    gone boolean NOT NULL,
    document json NOT NULL
);
COMMENT ON TABLE camera_statuses IS 'The newest camera.status of each camera.';

CREATE TABLE table_groups (
    group_key text PRIMARY KEY,
    site_id text NOT NULL,
    run_id text,
    version bigint NOT NULL,
    gone boolean NOT NULL,
    document json NOT NULL
);
COMMENT ON TABLE table_groups IS 'The newest record of each group of tables (key group or group@run).';
CREATE INDEX table_groups_by_site ON table_groups (site_id, group_key);

CREATE TABLE projector_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);
COMMENT ON TABLE projector_offsets IS 'First offset not yet folded; written in the transaction of its effects.';

CREATE TABLE event_epoch (
    epoch text PRIMARY KEY
);
COMMENT ON TABLE event_epoch IS 'One row, made with the database: a client of another epoch starts with a snapshot.';
INSERT INTO event_epoch SELECT substr(replace(gen_random_uuid()::text, '-', ''), 1, 12);

CREATE TABLE site_sequences (
    site_id text PRIMARY KEY REFERENCES sites,
    seq bigint NOT NULL DEFAULT 0,
    pruned_seq bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE site_sequences IS 'Newest seq of each site. The row lock makes sequence numbers commit in order.';
COMMENT ON COLUMN site_sequences.pruned_seq IS 'Events up to here may be gone; resuming before it starts with a snapshot.';

CREATE TABLE site_events (
    site_id text NOT NULL,
    seq bigint NOT NULL,
    type text NOT NULL,
    run_id text,
    camera_id text,
    table_id text,
    document json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, seq)
);
COMMENT ON TABLE site_events IS 'What happened at a site, in order: the event stream tails it.';
CREATE INDEX site_events_by_age ON site_events (created_at);
CREATE INDEX site_events_by_run ON site_events (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE deletions (
    video_id text PRIMARY KEY,
    run_id text NOT NULL,
    site_id text NOT NULL,
    camera_id text,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    clean_sweeps integer NOT NULL DEFAULT 0,
    objects integer NOT NULL DEFAULT 0,
    next_sweep_at timestamptz NOT NULL,
    deleted_at timestamptz
);
COMMENT ON TABLE deletions IS 'Videos being deleted, and after that until the last late record can have come.';
CREATE INDEX deletions_due ON deletions (next_sweep_at);
