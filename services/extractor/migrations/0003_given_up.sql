-- A failed run that can be tried again keeps its end to itself until it is given up.
ALTER TABLE jobs ADD COLUMN given_up boolean NOT NULL DEFAULT false; -- its end is told or being told: no more pictures
UPDATE jobs SET given_up = true WHERE state = 'failed' AND marked = attempt;
CREATE INDEX jobs_held ON jobs (updated_at) WHERE state = 'failed' AND NOT given_up;
