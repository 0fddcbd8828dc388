-- What people decided about layouts that were proposed for cameras that were moved.
CREATE TABLE layout_decisions (
    proposal_id text PRIMARY KEY,
    camera_id text NOT NULL REFERENCES cameras,
    site_id text NOT NULL REFERENCES sites,
    decision text NOT NULL,
    decided_at timestamptz NOT NULL,
    by_key_id text NOT NULL,
    by_name text NOT NULL,
    note text,
    layout_version integer NOT NULL,
    new_version integer,
    transform json,
    before_key text,
    after_key text,
    proposal json NOT NULL
);
COMMENT ON TABLE layout_decisions IS 'Layout proposals that were accepted, mended (accepted with changed tables) or dismissed.';
COMMENT ON COLUMN layout_decisions.by_name IS 'Name of the key at the time.';
COMMENT ON COLUMN layout_decisions.layout_version IS 'The version that it was proposed for; new_version: the one that was made of it.';
COMMENT ON COLUMN layout_decisions.transform IS 'How its tables were moved: one that moves them to the same places is not shown again after a dismissal.';
COMMENT ON COLUMN layout_decisions.before_key IS 'Copies of its pictures, kept as long as the camera; null: it was gone when this was decided.';
COMMENT ON COLUMN layout_decisions.proposal IS 'The proposal in short, as it was: made_at, code, reason, lost_table_ids.';
CREATE INDEX layout_decisions_by_camera ON layout_decisions (camera_id, decided_at, proposal_id);
ALTER TABLE layout_decisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON layout_decisions
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));

CREATE TABLE camera_sweeps (
    camera_id text PRIMARY KEY,
    site_id text NOT NULL,
    due_at timestamptz NOT NULL
);
COMMENT ON TABLE camera_sweeps IS 'Deleted cameras whose kept pictures are to be deleted; their site may be gone.';
ALTER TABLE camera_sweeps ENABLE ROW LEVEL SECURITY;
CREATE POLICY wall ON camera_sweeps
    USING ((SELECT every_site()) OR site_id = ANY ((SELECT open_sites())::text[]));
