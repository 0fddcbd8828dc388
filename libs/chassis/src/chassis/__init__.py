"""What all services stand on. It knows no topic and no business noun.

A process: `service` runs it, `settings`, `logs`, `trace`, `metrics`, `health`, `clock`, `errors`. Consuming:
`consume` polls and commits, `attempts` processes one record with `backoff`, `outcomes` are the results of a handler,
`partition_state` is the state of one partition, `lanes` and `lag` are those of topics and groups, `deadletters`
publishes what failed. Producing: `produce`, and `outbox` from Postgres.
Kafka and memory (`testing`) are both a `broker`; `kafka` is the one on aiokafka, `records` are what it carries.
Postgres: `database`, `migrations`. HTTP servers are in the library `webserver`.
"""
