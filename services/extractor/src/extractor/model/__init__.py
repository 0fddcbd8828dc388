"""Pure decisions: which frames, which segments, what to publish, which failure. No database, no broker, no decoder."""
