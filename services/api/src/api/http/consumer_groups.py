"""How many members consumer groups have, asked of the broker at most every few seconds."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code

from chassis.clock import Clock
from events.single_flight import SingleFlight

log = structlog.get_logger("api.http.consumer_groups")
KEPT_S = 5.0
TIMEOUT_S = 5.0
"""For all of them together: a request for them waits no longer."""


class ConsumerGroups:
    """The members of some groups. A client is opened with the first question and kept until one fails."""

    def __init__(self, bootstrap: str, groups: Sequence[str], clock: Clock) -> None:
        self._bootstrap, self._groups, self._clock = bootstrap, groups, clock
        self._client: AIOKafkaAdminClient | None = None
        self._asking: SingleFlight[Mapping[str, int] | None] = SingleFlight()
        self._known: Mapping[str, int] | None = None
        self._known_until = 0.0

    async def members(self) -> Mapping[str, int] | None:
        """Members by group, not older than KEPT_S; None where the broker does not tell."""
        if self._clock.monotonic() >= self._known_until:
            return await self._asking.run("members", self._ask)
        return self._known

    async def close(self) -> None:
        """Close the client."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(KafkaError, OSError, TimeoutError):
                await client.close()

    async def _ask(self) -> Mapping[str, int] | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                self._known = await self._described()
        except (KafkaError, OSError, ValueError) as error:
            log.warning("consumer_groups_unknown", error=repr(error))
            self._known = None
            await self.close()
        self._known_until = self._clock.monotonic() + KEPT_S
        return self._known

    async def _described(self) -> dict[str, int]:
        if self._client is None:
            client = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=int(TIMEOUT_S * 1000))
            self._client = client
            await client.start()
        # one at a time: aiokafka 0.14 misreads an answer about several groups
        return {group: await _count(self._client, group) for group in self._groups}


async def _count(client: AIOKafkaAdminClient, group: str) -> int:
    """Members of a group. Raises KafkaError where its coordinator does not tell, as after a start of the broker."""
    (answer,) = await client.describe_consumer_groups([group])
    code, _, _, _, _, members = answer.groups[0][:6]
    if code:
        raise for_code(code)(group)
    return len(members)
