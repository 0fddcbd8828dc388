-- What became of frames that were taken and not published, and what a camera's next process has to know of it.
CREATE TABLE live_drops (
    camera_id text        NOT NULL,
    hour      timestamptz NOT NULL, -- its beginning
    reason    text        NOT NULL,
    frames    bigint      NOT NULL,
    PRIMARY KEY (camera_id, hour, reason)
);
CREATE INDEX live_drops_by_hour ON live_drops (hour);

-- Unix ms of the last frame that was published: times rise over a move to another process too.
ALTER TABLE cameras ADD COLUMN captured_ms bigint;
ALTER TABLE cameras ADD COLUMN deleted_at timestamptz;
UPDATE cameras SET deleted_at = clock_timestamp() WHERE config IS NULL;
-- What reading it costs, in percent of a core (extractor.model.share).
ALTER TABLE cameras ADD COLUMN weight double precision NOT NULL DEFAULT 1.0;
UPDATE cameras SET weight = 1.0 + 2300.0 / greatest(100, (config->>'cadence_ms')::double precision)
    WHERE config IS NOT NULL;

ALTER TABLE capturers ADD COLUMN weight double precision NOT NULL DEFAULT 0; -- of the cameras that it has
ALTER TABLE capturers ADD COLUMN is_full boolean NOT NULL DEFAULT false;     -- it takes no more of them
