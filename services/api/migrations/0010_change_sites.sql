-- Sites and sections can be renamed and deleted: a version for their ETags, and tables found by their section.

ALTER TABLE sites ADD COLUMN version bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN sites.version IS 'Rises with every change.';
ALTER TABLE sections ADD COLUMN version bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN sections.version IS 'Rises with every change.';
CREATE INDEX tables_by_section ON tables (section_id) WHERE section_id IS NOT NULL;

COMMENT ON TABLE tables IS 'Identity of a table across layout versions; retired when the newest layout has it no more, or its camera is deleted.';
UPDATE tables SET retired_at = (SELECT deleted_at FROM cameras WHERE cameras.camera_id = tables.camera_id)
WHERE retired_at IS NULL AND camera_id IN (SELECT camera_id FROM cameras WHERE deleted_at IS NOT NULL);
