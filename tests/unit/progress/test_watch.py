"""The watch of topics goes on, whatever one round of it raises."""

import asyncio
from typing import Any

import pytest

from progress.changes import Changes
from progress.topics import Topic
from progress.watch import TopicWatch


@pytest.mark.parametrize("error", [OSError("away"), TimeoutError(), ValueError("an answer that cannot be read")])
async def test_a_round_that_fails_ends_no_watch(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    rounds = 0

    class Client:
        def __init__(self, **_: Any) -> None: ...
        async def bootstrap(self) -> None: ...
        async def close(self) -> None: ...

    async def describe(_client: Any, _topics: Any) -> dict[str, Topic]:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            raise error
        return {}

    monkeypatch.setattr("progress.watch.AIOKafkaClient", Client)
    monkeypatch.setattr("progress.watch.describe", describe)
    found: list[Changes] = []
    watch = TopicWatch("b:1", "c", {"t": Topic(b"1", 6)}, found=found.append, every_s=0.01)
    watch.start()
    async with asyncio.timeout(30):
        while not found:
            await asyncio.sleep(0.01)
    await watch.close()
    assert found == [Changes(missing=frozenset({"t"}))]
