-- What a run was asked to be, in one value: the part of its manifest that ingest passes on (RunSpec of the contracts).

ALTER TABLE uploads ADD COLUMN run jsonb;
COMMENT ON COLUMN uploads.run IS 'What the run was asked to be (RunSpec); camera_id to picture repeat it for older code.';

CREATE FUNCTION run_of(upload uploads) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('picture', upload.picture::jsonb)) || jsonb_build_object(
        'run_id', upload.run_id,
        'video_id', upload.video_id,
        'site_id', upload.site_id,
        'camera_id', upload.camera_id,
        'layout_key', upload.layout_key,
        'sampling', upload.sampling::jsonb,
        'make', to_jsonb(upload.make),
        'started_at', to_char(upload.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
$$;

UPDATE uploads SET run = run_of(uploads);
ALTER TABLE uploads ALTER COLUMN run SET NOT NULL;

-- During a deployment old code, which knows only the columns, and new code, which knows only `run`, share the table:
-- whichever inserts a row, both can read it. To be dropped together with the columns.
CREATE FUNCTION fill_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.run IS NULL THEN
        NEW.run := run_of(NEW);
    ELSE
        NEW.camera_id := NEW.run ->> 'camera_id';
        NEW.layout_key := NEW.run ->> 'layout_key';
        NEW.manifest_key := format('manifests/%s/%s.json', NEW.site_id, NEW.run_id);
        NEW.sampling := NEW.run ->> 'sampling';
        NEW.make := ARRAY(SELECT jsonb_array_elements_text(NEW.run -> 'make'));
        NEW.started_at := (NEW.run ->> 'started_at')::timestamptz;
        NEW.picture := NEW.run ->> 'picture';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER fill_run BEFORE INSERT ON uploads FOR EACH ROW EXECUTE FUNCTION fill_run();
