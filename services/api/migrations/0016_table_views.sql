-- A table may be seen by several cameras of its site: whose newest layout has it.

CREATE TABLE table_views (
    table_id text NOT NULL REFERENCES tables,
    camera_id text NOT NULL REFERENCES cameras,
    site_id text NOT NULL REFERENCES sites,
    PRIMARY KEY (table_id, camera_id)
);
COMMENT ON TABLE table_views IS 'Which cameras see a table: those whose newest layout has it. It is retired with the last of them.';
CREATE INDEX table_views_by_camera ON table_views (camera_id);
ALTER TABLE table_views ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON table_views
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

INSERT INTO table_views (table_id, camera_id, site_id)
    SELECT table_id, camera_id, site_id FROM tables WHERE retired_at IS NULL;

COMMENT ON COLUMN tables.camera_id IS 'One of the cameras that see it; of a retired table the last one that did.';
COMMENT ON TABLE tables IS 'Identity of a table across cameras and layout versions; retired when no newest layout has it any more.';
