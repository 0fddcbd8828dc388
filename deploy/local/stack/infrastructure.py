"""Kafka and Postgres as parts that a keeper can run."""

from stack.kafka import Kafka
from stack.keeper import Part
from stack.postgres import Postgres, answers
from stack.ready import kafka_round_trip


def kafka_part(kafka: Kafka) -> Part:
    """The embedded broker; ready after a produce and consume round trip."""

    async def probe() -> None:
        await kafka_round_trip(kafka.bootstrap)

    return Part(name="kafka", prepare=kafka.prepare, command=kafka.command, probe=probe, patience_s=90)


def postgres_part(postgres: Postgres) -> Part:
    """The embedded server; ready when it answers a query."""

    async def probe() -> None:
        await answers(postgres.url("postgres"))

    return Part(name="postgres", prepare=postgres.prepare, command=postgres.command, probe=probe)
