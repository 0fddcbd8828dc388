-- What is proposed for the layout of a camera that was moved.
ALTER TABLE cameras ADD COLUMN layout_proposal jsonb; -- of the last camera.status; null where it has none
