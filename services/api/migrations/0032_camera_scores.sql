-- What the view of a camera was worth, day by day.
CREATE TABLE camera_scores (
    camera_id text        NOT NULL REFERENCES cameras,
    site_id   text        NOT NULL REFERENCES sites,
    day       date        NOT NULL,
    made_at   timestamptz NOT NULL,
    document  json        NOT NULL,
    PRIMARY KEY (camera_id, day)
);
COMMENT ON TABLE camera_scores IS 'Score of each camera''s view of each day, made at night; kept for 400 days, or until the camera is deleted.';
COMMENT ON COLUMN camera_scores.day IS 'From 03:00 to 03:00 of the next day, by the clock of the site.';
COMMENT ON COLUMN camera_scores.document IS 'total, sentence, looks and parts, as GET /v1/cameras/{camera_id}/score has them.';
CREATE INDEX camera_scores_by_day ON camera_scores (day);
ALTER TABLE camera_scores ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON camera_scores
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
