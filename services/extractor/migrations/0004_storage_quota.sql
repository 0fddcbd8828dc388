-- The storage quota of a site: what its runs have stored, what is reserved for them, and the limit that an admin set.

-- Bytes of frames of a run that is done; of any other run they are the sum over its segments.
ALTER TABLE jobs ADD COLUMN frame_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN crop_bytes bigint NOT NULL DEFAULT 0;
-- What the crops of the run may take before the quota is asked again.
ALTER TABLE jobs ADD COLUMN crops_reserved bigint NOT NULL DEFAULT 0;
-- Indices of frames whose crops are in crop_bytes: a record that comes again counts once.
ALTER TABLE jobs ADD COLUMN crops_counted int4multirange NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN crops_ended boolean NOT NULL DEFAULT false;
-- Code of what keeps the run from going on, though nothing is wrong with it; null: nothing.
ALTER TABLE jobs ADD COLUMN waiting text;
-- Something of the run may be stored that is not counted: its objects are listed once it has ended.
ALTER TABLE jobs ADD COLUMN recount boolean NOT NULL DEFAULT false;
-- Stored bytes changed since the last video.progress, whatever the state.
ALTER TABLE jobs ADD COLUMN storage_dirty boolean NOT NULL DEFAULT false;
UPDATE jobs SET recount = true, crops_ended = state <> 'processing';
CREATE INDEX jobs_by_site ON jobs (site_id);
CREATE INDEX jobs_to_recount ON jobs (updated_at) WHERE recount;
CREATE INDEX jobs_storage_dirty ON jobs (told_at) WHERE storage_dirty;

-- What the worker of the segment may store before it has to ask again, and what was recorded of it.
ALTER TABLE segments ADD COLUMN reserved_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE segments ADD COLUMN stored_bytes bigint NOT NULL DEFAULT 0;
UPDATE segments s SET stored_bytes = f.bytes
    FROM (SELECT run_id, segment, sum(size_bytes) AS bytes FROM frames GROUP BY run_id, segment) f
    WHERE f.run_id = s.run_id AND f.segment = s.number;

-- Bytes of a deleted run that are still there; 0 after its first sweep.
ALTER TABLE deletions ADD COLUMN stored_bytes bigint NOT NULL DEFAULT 0;
CREATE INDEX deletions_by_site ON deletions (site_id) WHERE stored_bytes > 0;

-- Limits of sites as site.config reports them; a site without a row, and null, has the default.
CREATE TABLE site_limits (
    site_id        text   PRIMARY KEY,
    version        bigint NOT NULL,
    picture_bytes bigint
);
