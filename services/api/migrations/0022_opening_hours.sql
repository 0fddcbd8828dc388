-- Opening hours: outside of them nothing is captured.
ALTER TABLE sites ADD COLUMN opening_hours jsonb;
ALTER TABLE cameras ADD COLUMN opening_hours jsonb;
COMMENT ON COLUMN sites.opening_hours IS 'Intervals by weekday, by the clock of its time zone; null: always open.';
COMMENT ON COLUMN cameras.opening_hours IS 'Intervals by weekday, before those of its site; null: those of its site.';
