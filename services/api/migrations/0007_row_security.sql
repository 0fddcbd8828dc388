-- The second wall: inside a transaction that says whose sites it is for, no query sees or writes another site's rows.
-- Who passes and who does not is arranged by api.store.wall; a new table with a site_id needs a policy (a test asks).

CREATE FUNCTION every_site() RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(current_setting('tablewatch.sites', true), '') = '*';

CREATE FUNCTION open_sites() RETURNS text[] LANGUAGE sql STABLE
RETURN string_to_array(current_setting('tablewatch.sites', true), ',');

-- SELECT, so that the functions are asked once a query and not once a row

ALTER TABLE camera_statuses ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON camera_statuses
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE cameras ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON cameras
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE deletions ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON deletions
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE frames ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON frames
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE hazards ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON hazards
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE layouts ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON layouts
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE sections ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON sections
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE site_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON site_events
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE site_sequences ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON site_sequences
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE sites ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON sites
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE states ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON states
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE table_groups ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON table_groups
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE tables ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON tables
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

ALTER TABLE videos ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON videos
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

-- A key is seen by those whose sites include all that it opens
ALTER TABLE keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON keys
    USING ((SELECT every_site()) OR site_ids <@ (SELECT open_sites())::text[]);

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON sessions
    USING (EXISTS (SELECT FROM keys WHERE keys.key_id = sessions.key_id));

ALTER TABLE job_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON job_history
    USING (EXISTS (SELECT FROM videos WHERE videos.run_id = job_history.run_id));
