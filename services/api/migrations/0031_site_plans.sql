-- Where people put the tables of a site on its plan.
CREATE TABLE site_plans (
    site_id  text  PRIMARY KEY REFERENCES sites,
    version  bigint NOT NULL,
    places   jsonb NOT NULL
);
COMMENT ON TABLE site_plans IS 'The plan of a site, as somebody arranged it: one row, replaced as a whole. A site without a row has not been arranged.';
COMMENT ON COLUMN site_plans.version IS 'Rises with every change.';
COMMENT ON COLUMN site_plans.places IS 'A list of table_id, x and y, in squares of a grid; also of tables that are retired, which may come back.';

ALTER TABLE site_plans ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON site_plans
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
