"""Whether a file is a video that we take, found out by its content."""
