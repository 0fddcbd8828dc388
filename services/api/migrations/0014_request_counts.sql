-- Requests that replicas have leased of the limits of keys and sites (libs/ratelimit). UNLOGGED: no write-ahead log for
-- what holds for a minute; a crash of Postgres empties it.

CREATE UNLOGGED TABLE request_counts (
    subject    text             PRIMARY KEY,
    period     bigint           NOT NULL, -- number of the window since 1970
    share      double precision NOT NULL, -- of the window that had passed at the last lease, 0 to 1
    used       bigint           NOT NULL, -- leased in this window
    before     bigint           NOT NULL, -- leased in the window before it
    granted    bigint           NOT NULL, -- of the last lease
    expires_at timestamptz      NOT NULL
);
