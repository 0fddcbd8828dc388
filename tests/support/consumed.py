"""Waiting until a consumer group is done, for tests that assert what it did not do."""

import asyncio

from tablewatch_cli.broker import connected


async def until_consumed(bootstrap: str, group: str, *topics: str, timeout_s: float = 60) -> None:
    """Wait until the group has committed every record that the topics have now."""
    async with asyncio.timeout(timeout_s), connected(bootstrap) as broker:
        partitions = [each for topic in topics for each in await broker.partitions(topic)]
        edges = await broker.edges(partitions)
        ends = {at: edge.end for at, edge in edges.items() if edge.end > edge.first}
        while True:
            committed = await broker.committed(group)
            if all(committed.get(at, 0) >= end for at, end in ends.items()):
                return
            await asyncio.sleep(0.2)
