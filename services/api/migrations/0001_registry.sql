-- What people set up: sites, sections, cameras with immutable layouts, tables, keys and browser sessions.

CREATE TABLE sites (
    site_id text PRIMARY KEY,
    name text NOT NULL,
    timezone text NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE sites IS 'One restaurant; the wall between callers.';

CREATE TABLE sections (
    section_id text PRIMARY KEY,
    site_id text NOT NULL REFERENCES sites,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (site_id, name)
);
COMMENT ON TABLE sections IS 'A part of a site that tables are grouped by, e.g. the terrace.';

CREATE TABLE cameras (
    camera_id text PRIMARY KEY,
    site_id text NOT NULL REFERENCES sites,
    name text NOT NULL,
    enabled boolean NOT NULL,
    source_type text NOT NULL,
    source_address text,
    secret_ref text,
    cadence_ms integer NOT NULL,
    max_age_ms integer NOT NULL,
    version bigint NOT NULL,
    layout_version integer,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
COMMENT ON TABLE cameras IS 'A view of a site. version rises with every camera.config record.';
COMMENT ON COLUMN cameras.source_address IS 'Without user name or password; those stand behind secret_ref.';
CREATE INDEX cameras_by_site ON cameras (site_id, camera_id);

CREATE TABLE layouts (
    camera_id text NOT NULL REFERENCES cameras,
    version integer NOT NULL,
    site_id text NOT NULL REFERENCES sites,
    layout_key text NOT NULL,
    document json NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (camera_id, version)
);
COMMENT ON TABLE layouts IS 'The same document as the immutable object layout_key, kept to answer without reading it.';

CREATE TABLE tables (
    table_id text PRIMARY KEY,
    site_id text NOT NULL REFERENCES sites,
    camera_id text NOT NULL REFERENCES cameras,
    section_id text REFERENCES sections,
    label text NOT NULL,
    seats integer,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
COMMENT ON TABLE tables IS 'Identity of a table across layout versions; retired when the newest layout has it no more.';
CREATE INDEX tables_by_camera ON tables (camera_id);

CREATE TABLE keys (
    key_id text PRIMARY KEY,
    prefix text NOT NULL UNIQUE,
    secret_hash bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    site_ids text[],
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
COMMENT ON TABLE keys IS 'API keys. Only the SHA-256 of the secret is kept.';
COMMENT ON COLUMN keys.site_ids IS 'Sites the key opens; null: all of them.';

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    key_id text NOT NULL REFERENCES keys ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE sessions IS 'Browsers that signed in with a key. Only the SHA-256 of the cookie is kept.';
