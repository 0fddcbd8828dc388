"""How far the projector is, in the same transactions as what it did."""

from collections.abc import Iterable, Mapping

from api.store import Connection
from chassis.records import Partition


async def lock(conn: Connection, places: Iterable[Partition]) -> dict[Partition, int]:
    """The next offset of each partition that has one, rows locked in one order.

    A replica that lost the partition while it worked waits here for the new owner, and then finds its records done.
    """
    wanted = sorted(places)
    topics, numbers = [place.topic for place in wanted], [place.number for place in wanted]
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
    return {Partition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def save(conn: Connection, offsets: Mapping[Partition, int]) -> None:
    """Everything below these offsets is folded."""
    await conn.executemany(
        "UPDATE projector_offsets SET next_offset = $3 WHERE topic = $1 AND partition = $2",
        [(place.topic, place.number, offset) for place, offset in offsets.items()],
    )


async def begin_again(conn: Connection, ends: Mapping[Partition, int]) -> list[Partition]:
    """Forget offsets past the end of their partition: that topic is another one than we read before."""
    gone = []
    for place, end in sorted(ends.items()):
        row = await conn.fetchrow(
            "DELETE FROM projector_offsets WHERE topic = $1 AND partition = $2 AND next_offset > $3 RETURNING topic",
            place.topic, place.number, end,
        )  # fmt: skip
        gone += [place] if row else []
    return gone
