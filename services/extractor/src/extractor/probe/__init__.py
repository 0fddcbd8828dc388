"""Opening a source that is no camera yet, once, and reporting what comes of it."""
