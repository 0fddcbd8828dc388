-- The detector that a site or a camera uses, chosen over REST.

ALTER TABLE sites ADD COLUMN detector text;
ALTER TABLE cameras ADD COLUMN detector text;
COMMENT ON COLUMN sites.detector IS 'Name of the detector that looks at its frames; null: none is chosen for it.';
COMMENT ON COLUMN cameras.detector IS 'Name of the detector that looks at its frames, before that of its site; null: none is chosen for it.';
