-- Dry runs: a minute of states that nobody is told of.
CREATE TABLE dry_runs (
    dry_run_id     text        PRIMARY KEY,
    camera_id      text        NOT NULL REFERENCES cameras,
    site_id        text        NOT NULL REFERENCES sites,
    key_id         text        NOT NULL,
    layout_key     text        NOT NULL,
    layout_version integer,
    tables         json        NOT NULL,
    began_at       timestamptz NOT NULL,
    until          timestamptz NOT NULL,
    listed_until   timestamptz NOT NULL,
    pictures       integer     NOT NULL DEFAULT 0,
    asked          integer     NOT NULL DEFAULT 0,
    newest_asked   timestamptz,
    expires_at     timestamptz
);
COMMENT ON TABLE dry_runs IS 'Dry runs of the last day; what comes of each is in an object (dry-runs/…/report.json).';
COMMENT ON COLUMN dry_runs.key_id IS 'The key that began it.';
COMMENT ON COLUMN dry_runs.layout_version IS 'The version that it is of; null: tables were sent with the request.';
COMMENT ON COLUMN dry_runs.tables IS 'table_id and label of each, in the order of the layout.';
COMMENT ON COLUMN dry_runs.listed_until IS 'Up to then stored pictures are counted, and looks at them are asked for.';
COMMENT ON COLUMN dry_runs.newest_asked IS 'Capture time of the newest picture that a look was asked for at; expires_at: until when it may come.';
CREATE INDEX dry_runs_by_site ON dry_runs (site_id, until);
CREATE INDEX dry_runs_by_camera ON dry_runs (camera_id);
CREATE INDEX dry_runs_by_time ON dry_runs (until);
ALTER TABLE dry_runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON dry_runs
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
