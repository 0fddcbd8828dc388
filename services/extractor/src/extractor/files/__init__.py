"""Files: uploads become frames. Jobs and segments in Postgres, decoding in child processes, publication in order."""
