-- Comments that named modules and words of before.

COMMENT ON COLUMN videos.facts IS 'What the topics have reported about the run (api.model.run_facts.RunFacts).';
COMMENT ON TABLE sites IS 'One restaurant: the unit of access.';
COMMENT ON TABLE projector_offsets IS 'First offset not yet applied; written in the transaction of its effects.';
COMMENT ON TABLE idempotent_answers IS 'Responses stored for 24 h by API key, path and Idempotency-Key.';
COMMENT ON COLUMN site_events.confirms IS 'Key of the state that this event only confirms: the row is deleted when the next event of the key is appended. Null: a transition, which stays for its retention.';
