"""Uploaded files: jobs and segments in Postgres, decoding in processes of their own, publishing in order.

From the bottom up: `rows` is the SQL; above it the work on one segment and what it needs; at the top what runs as a
task (`intake`, `worker`, `publisher`, `housekeeping`).
"""
