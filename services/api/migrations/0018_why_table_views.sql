-- Why table_views is kept though it follows from other tables: from the newest layouts of the cameras.

COMMENT ON TABLE table_views IS 'Which cameras see a table: those whose newest layout has it. It is retired with the last of them. Follows from layouts and cameras.layout_version, and is kept as their index: a layout is a JSON document of up to 1 MB, and every list of tables would parse those of all cameras.';
