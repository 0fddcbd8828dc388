-- Limits per site: uploads in flight and bytes a day.

-- Bytes of this upload that are counted in site_days already.
ALTER TABLE uploads ADD COLUMN counted_bytes bigint NOT NULL DEFAULT 0;
CREATE INDEX uploads_in_flight ON uploads (site_id) WHERE status IN ('receiving', 'received');

-- Bytes that a site sent on a day in UTC; a repeated upload counts again.
CREATE TABLE site_days (
    site_id text   NOT NULL,
    day     date   NOT NULL,
    bytes   bigint NOT NULL,
    PRIMARY KEY (site_id, day)
);
