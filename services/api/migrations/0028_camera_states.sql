-- How far a camera has come, and each transition of it. The row of a camera is apart from `cameras`: who saves a layout
-- holds that one while the object store takes the layout, and the projector must not wait for an object store.
CREATE TABLE camera_states (
    camera_id      text    PRIMARY KEY REFERENCES cameras,
    site_id        text    NOT NULL REFERENCES sites,
    state          text    NOT NULL,
    source_version integer,
    seq            integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE camera_states IS 'How far each camera has come: draft, verifying, verified, live or paused. A camera without a row, added by an api of before, is a draft.';
COMMENT ON COLUMN camera_states.source_version IS 'Version of the camera at which its source was given or changed, or it was switched on or off, last: pictures of an earlier one do not count. Null: from before this column.';
COMMENT ON COLUMN camera_states.seq IS 'Of its newest transition.';

CREATE TABLE camera_state_history (
    camera_id      text        NOT NULL REFERENCES cameras,
    seq            integer     NOT NULL,
    site_id        text        NOT NULL REFERENCES sites,
    at             timestamptz NOT NULL,
    previous_state text,
    state          text        NOT NULL,
    why            text        NOT NULL,
    key_id         text,
    key_name       text,
    PRIMARY KEY (camera_id, seq)
);
COMMENT ON TABLE camera_state_history IS 'Transitions of cameras from state to state; of those from before this table there are none.';
COMMENT ON COLUMN camera_state_history.previous_state IS 'Null: it was registered.';
COMMENT ON COLUMN camera_state_history.why IS 'registered, switched_on, resumed, paused, first_picture, tables_drawn, tables_removed, address_changed or source_removed; more may come.';
COMMENT ON COLUMN camera_state_history.key_id IS 'The key that asked for it; null: its pictures did.';
COMMENT ON COLUMN camera_state_history.key_name IS 'Name of that key at the time.';

ALTER TABLE camera_states ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON camera_states
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
ALTER TABLE camera_state_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON camera_state_history
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

-- A camera that was well once has shown a picture; one that is off and of which something was reported was on before.
INSERT INTO camera_states (camera_id, site_id, state)
    SELECT c.camera_id, c.site_id, CASE
        WHEN c.source_type NOT IN ('rtsp', 'hls', 'snapshot', 'file') THEN 'draft'
        WHEN NOT c.enabled THEN CASE WHEN s.camera_id IS NULL THEN 'draft' ELSE 'paused' END
        WHEN s.document->>'last_frame_at' IS NULL AND s.document->>'snapshot_key' IS NULL THEN 'verifying'
        WHEN EXISTS (SELECT FROM table_views v WHERE v.camera_id = c.camera_id) THEN 'live'
        ELSE 'verified' END
    FROM cameras c LEFT JOIN camera_statuses s ON s.camera_id = c.camera_id AND NOT s.gone;
