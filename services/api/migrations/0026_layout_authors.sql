-- Who made a version of a layout, how, and what it changed; null in versions from before.
ALTER TABLE layouts ADD COLUMN author_key_id text;
ALTER TABLE layouts ADD COLUMN author text;
ALTER TABLE layouts ADD COLUMN origin text;
ALTER TABLE layouts ADD COLUMN restored_from integer;
ALTER TABLE layouts ADD COLUMN tables_kept integer;
ALTER TABLE layouts ADD COLUMN tables_new integer;
ALTER TABLE layouts ADD COLUMN tables_retired integer;
COMMENT ON COLUMN layouts.author_key_id IS 'The key that sent it.';
COMMENT ON COLUMN layouts.author IS 'Name of that key at the time: it may be renamed or deleted since.';
COMMENT ON COLUMN layouts.origin IS 'drawn, restored or imported; more may come.';
COMMENT ON COLUMN layouts.restored_from IS 'The version whose drawing was taken again.';
COMMENT ON COLUMN layouts.tables_kept IS 'How many of its tables the version before has; tables_new and tables_retired are counted against that one too.';
