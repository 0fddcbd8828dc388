-- The status of a job by its facts, as api.model.job.status computes it, so that lists can be filtered by it.

ALTER TABLE videos ADD COLUMN status text GENERATED ALWAYS AS (
    CASE
        WHEN facts ->> 'cancelled' = 'true' OR facts ->> 'extract' = 'cancelled' THEN 'cancelled'
        WHEN facts ->> 'refusal' IS NOT NULL OR facts ->> 'extract' = 'failed' THEN 'failed'
        WHEN finished_at IS NOT NULL THEN 'done'
        WHEN facts ->> 'video' IS NULL AND facts ->> 'extract' IS NULL THEN 'awaiting_file'
        WHEN facts ->> 'video' IS NOT NULL AND facts ->> 'extract' <> 'queued' THEN 'processing'
        ELSE 'queued'
    END
) STORED;
COMMENT ON COLUMN videos.status IS 'What the job document shows (api.model.job.status).';
CREATE INDEX videos_status ON videos (site_id, status, video_id);
