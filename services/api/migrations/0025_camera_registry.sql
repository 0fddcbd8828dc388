-- What people know a camera by: a number of its own in its site, a section, notes.
ALTER TABLE cameras ADD COLUMN number integer;
ALTER TABLE cameras ADD COLUMN section_id text REFERENCES sections;
ALTER TABLE cameras ADD COLUMN notes text;
COMMENT ON COLUMN cameras.number IS 'Unique among the cameras of its site that are there; null: added by an api of before.';
COMMENT ON COLUMN cameras.section_id IS 'The section that it hangs in; tables have one of their own.';
UPDATE cameras c SET number = n.number FROM (
    SELECT camera_id, row_number() OVER (PARTITION BY site_id ORDER BY created_at, camera_id) AS number
    FROM cameras WHERE deleted_at IS NULL
) n WHERE n.camera_id = c.camera_id;
CREATE UNIQUE INDEX cameras_by_number ON cameras (site_id, number) WHERE deleted_at IS NULL;
