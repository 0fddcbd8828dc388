"""The embedded Kafka and Postgres are real ones."""

import asyncpg
from stack import topics
from stack.kafka import kafka_round_trip
from stack.settings import REPO


async def test_a_record_goes_through_the_broker(kafka_bootstrap: str) -> None:
    await kafka_round_trip(kafka_bootstrap)


async def test_every_topic_of_the_contracts_exists(kafka_bootstrap: str) -> None:
    made = await topics.create(kafka_bootstrap, topics.declared(REPO), 6)
    assert made == 0


async def test_the_database_is_one_with_uuidv7_and_a_password(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("select current_user") == "tablewatch"
        assert await connection.fetchval("show password_encryption") == "scram-sha-256"
    finally:
        await connection.close()
