-- A look that is delivered again, or judged again after a crash, counts once.

CREATE TABLE layout_hint_sources (
    table_id text NOT NULL,
    source_id text NOT NULL,
    camera_id text NOT NULL REFERENCES cameras,
    site_id text NOT NULL REFERENCES sites,
    newest_at timestamptz NOT NULL,
    PRIMARY KEY (table_id, source_id)
);
COMMENT ON TABLE layout_hint_sources IS 'The newest look of a camera or run at a table that layout_hints has counted: one that is not newer is a duplicate.';
COMMENT ON COLUMN layout_hint_sources.source_id IS 'Camera of a live look, else the run, with which the row goes.';
COMMENT ON COLUMN layout_hint_sources.newest_at IS 'Its capture time.';
CREATE INDEX layout_hint_sources_by_source ON layout_hint_sources (source_id);
ALTER TABLE layout_hint_sources ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON layout_hint_sources
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
