-- Of which source the last camera.status of a camera is: camera.config.source_version as it was then.
ALTER TABLE cameras ADD COLUMN status_source_version integer;
