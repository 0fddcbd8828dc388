-- Cameras as camera.config reports them, who captures each, and how it was reported last.
CREATE TABLE cameras (
    camera_id      text        PRIMARY KEY,
    site_id        text        NOT NULL,
    version        bigint      NOT NULL, -- of the newest camera.config
    config         jsonb,                -- its value; null once the camera is deleted
    captured       boolean     NOT NULL, -- whether it is to be captured: enabled, with a source that we read
    owner          text,
    fence          bigint      NOT NULL DEFAULT 0,
    lease_until    timestamptz NOT NULL DEFAULT '-infinity',
    status         text,                 -- of the last camera.status, with its reason; null before the first
    status_reason  text,
    status_since   timestamptz,
    status_version bigint      NOT NULL DEFAULT 0,
    published_at   timestamptz,
    swept_at       timestamptz NOT NULL DEFAULT '-infinity' -- live frames past their retention were last deleted
);
CREATE INDEX cameras_captured ON cameras (camera_id) WHERE captured;

-- Processes that capture cameras: they share them. One that was not seen for a lease counts no more.
CREATE TABLE capturers (
    owner   text        PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
