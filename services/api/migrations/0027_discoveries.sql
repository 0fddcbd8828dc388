-- Looking for cameras on the network: asked for and answered as a probe is.
ALTER TABLE probes ADD COLUMN action text NOT NULL DEFAULT 'probe';
COMMENT ON COLUMN probes.action IS 'Of the request: probe, or discover; of the latter source_type and address are null.';
