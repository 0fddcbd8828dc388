-- What tables went through, and where in their objects the crops of runs lie.

CREATE TABLE state_history (
    state_key text NOT NULL,
    version bigint NOT NULL,
    table_id text NOT NULL,
    site_id text NOT NULL,
    run_id text,
    camera_ids text[] NOT NULL,
    since timestamptz NOT NULL,
    document json NOT NULL,
    PRIMARY KEY (state_key, version)
);
COMMENT ON TABLE state_history IS 'Transitions of tables, live and of runs: a row when a state began, none when it was confirmed.';
COMMENT ON COLUMN state_history.since IS 'When the state began, capture time.';
CREATE INDEX state_history_by_site ON state_history (site_id, since DESC, state_key DESC, version DESC);
CREATE INDEX state_history_by_table ON state_history (table_id, since DESC, state_key DESC, version DESC);
CREATE INDEX state_history_by_run ON state_history (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX state_history_by_age ON state_history (since) WHERE run_id IS NULL;
ALTER TABLE state_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON state_history
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

CREATE TABLE crops (
    run_id text NOT NULL,
    index integer NOT NULL,
    site_id text NOT NULL,
    object_key text NOT NULL,
    layout_version integer,
    crops json NOT NULL,
    PRIMARY KEY (run_id, index)
);
COMMENT ON TABLE crops IS 'Crops of the frames of runs, a row a frame. Live crops have no rows.';
COMMENT ON COLUMN crops.crops IS 'Of each crop: table, offset and length in the object, box, and whether it changed.';
ALTER TABLE crops ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON crops
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
-- What holds already is where the history begins
INSERT INTO state_history (state_key, version, table_id, site_id, run_id, camera_ids, since, document)
    SELECT state_key, version, table_id, site_id, run_id, camera_ids, (document->>'since')::timestamptz, document
    FROM states WHERE NOT gone;

COMMENT ON COLUMN site_events.camera_id IS 'What the filter by camera compares with; several by commas.';
