"""The projector's offsets, written in the transaction of what its records changed."""

from collections.abc import Iterable, Mapping

from api.store import Connection
from chassis.records import TopicPartition


async def lock(conn: Connection, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """The next offset of each partition, 0 for new ones; rows locked in one order.

    A replica that lost the partition while it worked waits here for the new owner, and then finds its records applied.
    """
    wanted = sorted(partitions)
    topics, numbers = [each.topic for each in wanted], [each.partition for each in wanted]
    await conn.execute(
        "INSERT INTO projector_offsets SELECT topic, number, 0 FROM unnest($1::text[], $2::int[]) AS p(topic, number)"
        " ORDER BY topic, number ON CONFLICT DO NOTHING",
        topics, numbers,
    )  # fmt: skip
    rows = await conn.fetch(
        "SELECT o.* FROM projector_offsets o JOIN unnest($1::text[], $2::int[]) AS p(topic, number)"
        " ON o.topic = p.topic AND o.partition = p.number ORDER BY o.topic, o.partition FOR UPDATE OF o",
        topics, numbers,
    )  # fmt: skip
    return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def save(conn: Connection, next_offsets: Mapping[TopicPartition, int]) -> None:
    """Everything below these offsets is applied."""
    await conn.executemany(
        "UPDATE projector_offsets SET next_offset = $3 WHERE topic = $1 AND partition = $2",
        [(topic, partition, offset) for (topic, partition), offset in next_offsets.items()],
    )


async def forget_past(conn: Connection, ends: Mapping[TopicPartition, int]) -> list[TopicPartition]:
    """Forget offsets past the end of their partition, which belong to a deleted topic of that name; which they are."""
    forgotten = []
    for (topic, partition), end in sorted(ends.items()):
        row = await conn.fetchrow(
            "DELETE FROM projector_offsets WHERE topic = $1 AND partition = $2 AND next_offset > $3 RETURNING topic",
            topic, partition, end,
        )  # fmt: skip
        if row is not None:
            forgotten.append(TopicPartition(topic, partition))
    return forgotten


async def forget_topics(conn: Connection, topics: Iterable[str]) -> None:
    """Forget every offset of topics that were deleted and made anew."""
    await conn.execute("DELETE FROM projector_offsets WHERE topic = ANY($1::text[])", sorted(topics))
