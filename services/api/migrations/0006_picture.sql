-- How the frames of a video are stored, as it was asked for when the video was announced.

ALTER TABLE videos ADD COLUMN picture json NOT NULL DEFAULT '{"format": "jpeg", "quality": null, "long_side": null}';
COMMENT ON COLUMN videos.picture IS 'Format, JPEG quality (null: the usual one) and longer side in pixels (null: full size).';
