-- What a site may store, and what its videos take.

ALTER TABLE sites ADD COLUMN original_limit bigint;
ALTER TABLE sites ADD COLUMN picture_limit bigint;
COMMENT ON COLUMN sites.original_limit IS 'Most bytes of originals; null: the default of the installation.';
COMMENT ON COLUMN sites.picture_limit IS 'Most bytes of frames and crops together; null: the default of the installation.';

ALTER TABLE videos ADD COLUMN declared_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN original_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN frame_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN crop_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE videos ADD COLUMN reserved_bytes bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN videos.declared_bytes IS 'Size of the file as it was announced; 0 if it was not said.';
COMMENT ON COLUMN videos.original_bytes IS 'Size of the stored original; 0 before it is stored.';
COMMENT ON COLUMN videos.frame_bytes IS 'Stored frames, as the extractor counts them; the same of crop_bytes and reserved_bytes.';
UPDATE videos SET original_bytes = coalesce((facts -> 'video' ->> 'size_bytes')::bigint, 0),
    frame_bytes = coalesce((SELECT sum(size_bytes) FROM frames WHERE frames.run_id = videos.run_id), 0);
