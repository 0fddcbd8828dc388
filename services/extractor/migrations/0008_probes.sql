-- Probes that were asked for on camera.command, who works on each, and whether it is answered.
CREATE TABLE probes (
    probe_id     text        PRIMARY KEY,
    site_id      text        NOT NULL,
    command      jsonb       NOT NULL, -- the value of camera.command
    cause        jsonb       NOT NULL, -- ids of its record, for the answer
    requested_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL, -- until when there has to be an answer
    owner        text,
    fence        bigint      NOT NULL DEFAULT 0, -- rises with each process that takes it
    attempts     integer     NOT NULL DEFAULT 0, -- processes that took it and did not give it back
    lease_until  timestamptz NOT NULL DEFAULT '-infinity',
    answered_at  timestamptz           -- null while it is not answered
);
CREATE INDEX probes_open ON probes (requested_at) WHERE answered_at IS NULL;
CREATE INDEX probes_by_age ON probes (requested_at);
