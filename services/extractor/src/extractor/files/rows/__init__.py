"""All SQL of `files`. Functions take a connection; the caller opens the transaction."""
