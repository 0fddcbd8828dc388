-- While nothing changes a classifier looks at one frame in so many milliseconds; 0: at every frame.
ALTER TABLE cameras ADD COLUMN look_every_ms integer NOT NULL DEFAULT 0;
