"""Whether a reader of Kafka still follows the topics that are there.

A consumer's position is a number; it says nothing when the topic below it was deleted and made anew, got partitions, or
lost its oldest records. `topics` asks the broker what a topic is (its id), `changes` compares two answers (pure), and
`watch` asks while a reader reads. Decision 0057.
"""
