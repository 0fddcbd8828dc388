-- What a program is told of a camera's status.
ALTER TABLE cameras ADD COLUMN status_code text; -- of the last camera.status; null where it has none
