-- Uploads in parts, straight to the bucket.

-- The S3 multipart upload that this one is sent by; null: the bytes come through ingest.
ALTER TABLE uploads ADD COLUMN multipart_id text;
-- When S3 was asked to put the parts together: a crash after it is taken up from there.
ALTER TABLE uploads ADD COLUMN joining_at timestamptz;
