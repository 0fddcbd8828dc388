-- What was asked for when the video was announced, in one value: api.model.job.Run.

ALTER TABLE videos ADD COLUMN run jsonb;
COMMENT ON COLUMN videos.run IS 'What was asked for; layout_key to tables_expected, and picture, repeat it for older code.';

CREATE FUNCTION run_of(video videos) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'run_id', video.run_id,
        'video_id', video.video_id,
        'site_id', video.site_id,
        'camera_id', video.camera_id,
        'layout_key', video.layout_key,
        'sampling', video.sampling,
        'make', to_jsonb(video.make),
        'started_at', to_char(video.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'picture', video.picture,
        'filename', video.filename,
        'tables_expected', to_jsonb(video.tables_expected),
        'created_at', to_char(video.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
$$;

UPDATE videos SET run = run_of(videos);
ALTER TABLE videos ALTER COLUMN run SET NOT NULL;

-- During a deployment old code, which knows only the columns, and new code, which knows only `run`, share the table:
-- whichever inserts a row, both can read it. To be dropped together with the columns.
CREATE FUNCTION fill_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.run IS NULL THEN
        NEW.run := run_of(NEW);
    ELSE
        NEW.layout_key := NEW.run ->> 'layout_key';
        NEW.manifest_key := format('manifests/%s/%s.json', NEW.site_id, NEW.run_id);
        NEW.filename := NEW.run ->> 'filename';
        NEW.sampling := NEW.run -> 'sampling';
        NEW.make := ARRAY(SELECT jsonb_array_elements_text(NEW.run -> 'make'));
        NEW.started_at := (NEW.run ->> 'started_at')::timestamptz;
        NEW.tables_expected := ARRAY(SELECT jsonb_array_elements_text(NEW.run -> 'tables_expected'));
        NEW.picture := NEW.run -> 'picture';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER fill_run BEFORE INSERT ON videos FOR EACH ROW EXECUTE FUNCTION fill_run();
