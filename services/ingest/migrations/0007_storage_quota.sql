-- What originals of a site may take in all.

-- Limits of sites as site.config reports them; a site without a row, and null, has the default.
CREATE TABLE site_limits (
    site_id        text   PRIMARY KEY,
    version        bigint NOT NULL,
    original_bytes bigint
);
CREATE INDEX uploads_kept ON uploads (site_id) WHERE status <> 'rejected';
