"""Asks the broker every few seconds whether the topics that are read are still the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from progress.changes import Changes, compare
from progress.topics import Topic, describe

EVERY_S = 2.0
_TIMEOUT_S = 5.0
_log = logging.getLogger("progress")


class TopicWatch:
    """Compares topics with `known`, as they were when reading began. `found` gets each change once."""

    def __init__(
        self, bootstrap: str, client_id: str, known: Mapping[str, Topic], *, found: Callable[[Changes], None],
        every_s: float = EVERY_S,
    ) -> None:  # fmt: skip
        self._client_options = {"bootstrap_servers": bootstrap, "client_id": client_id, "metadata_max_age_ms": 300_000}
        self._known, self._found, self._every_s = dict(known), found, every_s
        self._task: asyncio.Task[None] | None = None
        self.changes = Changes()

    def start(self) -> None:
        """Ask from now on, until `close`."""
        self._task = asyncio.create_task(self._run(), name="topic watch")

    async def close(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self._ask_until_it_fails()
            except (KafkaError, OSError, TimeoutError):
                pass  # a broker that is away is the matter of whoever reads; the topics are asked for when it is back
            except Exception:  # noqa: BLE001 (a watch that ended would leave its reader on a topic that is gone)
                _log.exception("topics_not_compared")
            await asyncio.sleep(self._every_s)

    async def _ask_until_it_fails(self) -> None:
        client = AIOKafkaClient(**self._client_options)
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await client.bootstrap()
            while True:
                async with asyncio.timeout(_TIMEOUT_S):
                    now = await describe(client, self._known)
                self._take(compare(self._known, now))
                await asyncio.sleep(self._every_s)
        finally:
            await client.close()

    def _take(self, changes: Changes) -> None:
        if changes != self.changes:
            self.changes = changes
            self._found(changes)


async def ask_once(bootstrap: str, client_id: str, topics: Any) -> dict[str, Topic]:
    """The topics as they are now. Raises KafkaError, OSError, TimeoutError."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap, client_id=client_id)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await client.bootstrap()
            return await describe(client, topics)
    finally:
        await client.close()
