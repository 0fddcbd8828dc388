-- A refresh says again what is known already; the log keeps the newest one of each table and not all of them.

ALTER TABLE site_events ADD COLUMN confirms text;
COMMENT ON COLUMN site_events.confirms IS 'The state (by its key) that this only confirms: the row goes when the next record of the key is told. Null: it stays for its time.';
CREATE INDEX site_events_confirming ON site_events (confirms) WHERE confirms IS NOT NULL;
