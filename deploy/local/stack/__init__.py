"""The local stack: Kafka, Postgres and the six services as child processes of one supervisor, without Docker."""
