-- What a job went through, so that it can be told after the job document has moved on.

CREATE TABLE job_history (
    run_id text NOT NULL,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    status text NOT NULL,
    stage text NOT NULL,
    step text,
    attempt integer NOT NULL,
    error json,
    PRIMARY KEY (run_id, number)
);
COMMENT ON TABLE job_history IS 'Transitions of a job: a row whenever status, stage, step, attempt or error changed.';
COMMENT ON COLUMN job_history.step IS 'What the extractor is doing: plan, extract, publish or done; null before it began.';
COMMENT ON COLUMN job_history.error IS 'Code, reason and whether trying again can help; null where there is none.';
