"""Rows and bytes of uploads: Postgres, and the partial files."""
