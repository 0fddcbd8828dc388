-- What was withdrawn while it was being stored may leave its object behind a crash: the sweep comes back to it.

-- Under whose prefix bytes of it may still appear; null: none can any more.
ALTER TABLE withdrawn ADD COLUMN site_id text;
CREATE INDEX withdrawn_lately ON withdrawn (withdrawn_at) WHERE site_id IS NOT NULL;
