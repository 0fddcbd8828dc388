-- What looks say about how a table was drawn, counted for each version of a layout.

CREATE TABLE layout_hints (
    camera_id text NOT NULL REFERENCES cameras,
    layout_version integer NOT NULL,
    table_id text NOT NULL,
    reason text NOT NULL,
    site_id text NOT NULL REFERENCES sites,
    looks bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (camera_id, layout_version, table_id, reason)
);
COMMENT ON TABLE layout_hints IS 'Looks, live and of runs, whose doubt may come from how the table is drawn, by the code of the doubt.';
COMMENT ON COLUMN layout_hints.last_at IS 'Capture time of the newest such look.';
ALTER TABLE layout_hints ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON layout_hints
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
