-- External croppers that layouts are pulled from, on a schedule.
CREATE TABLE layout_sources (
    camera_id text PRIMARY KEY REFERENCES cameras,
    site_id text NOT NULL REFERENCES sites,
    url text NOT NULL,
    every_s integer NOT NULL,
    send_picture boolean NOT NULL,
    token bytea,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    pull_id text,
    leased_until timestamptz,
    etag text,
    body_hash bytea,
    pulls bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    last_at timestamptz,
    last_code text,
    last_sentence text,
    last_version integer,
    made json
);
COMMENT ON TABLE layout_sources IS 'Of a camera whose layout is pulled: whom to ask, how often, and what came of it.';
COMMENT ON COLUMN layout_sources.token IS 'Bearer token, sealed for this camera and origin with a key of LINK_SECRET; null: none is sent.';
COMMENT ON COLUMN layout_sources.pull_id IS 'The pull under way until leased_until, or the one that died; only its own outcome is written.';
COMMENT ON COLUMN layout_sources.etag IS 'Of the document that was taken last; body_hash is the SHA-256 of its bytes. Null after a change of the settings.';
COMMENT ON COLUMN layout_sources.failures IS 'Pulls in a row that failed.';
COMMENT ON COLUMN layout_sources.last_version IS 'The version that the last pull made; null: none.';
COMMENT ON COLUMN layout_sources.made IS 'The newest version that a pull made: version, at, kept, new, retired, merged_from, split_from, warnings.';
CREATE INDEX layout_sources_by_time ON layout_sources (due_at);
ALTER TABLE layout_sources ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON layout_sources
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
