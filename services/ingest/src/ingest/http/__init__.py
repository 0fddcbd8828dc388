"""HTTP: tus 1.0, multipart by signed links, and one plain request."""
