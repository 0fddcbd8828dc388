"""Cameras: live streams become frames. Still empty; it will share `media`, `model` and `events` with `files`."""
