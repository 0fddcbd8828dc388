-- How the frames of an upload are stored.

-- JSON, as asked for; null: the usual.
ALTER TABLE uploads ADD COLUMN picture text;
