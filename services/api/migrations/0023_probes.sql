-- Cameras that are opened before they are registered: what was asked for, and the answer.
CREATE TABLE probes (
    probe_id text PRIMARY KEY,
    site_id text NOT NULL,
    version bigint NOT NULL,
    gone boolean NOT NULL,
    document json NOT NULL,
    source_type text,
    address text,
    requested_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE probes IS 'Probes of the last hour: as asked for (version 0, gone), then the camera.probe that answers.';
COMMENT ON COLUMN probes.source_type IS 'This and the three that follow are of the request; null where only the answer is known.';
CREATE INDEX probes_by_site ON probes (site_id, expires_at);
CREATE INDEX probes_by_age ON probes (created_at);
ALTER TABLE probes ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON probes
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
