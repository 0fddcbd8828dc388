"""The HTTP door: tus 1.0, and one plain request."""
