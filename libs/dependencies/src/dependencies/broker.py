"""Asking Kafka for its metadata."""

import asyncio
from contextlib import suppress

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from dependencies.errors import BrokerUnreachable

CONNECT_S = 1.0
CLOSE_S = 1.0


class BrokerProbe:
    """One request on a client that stays open between two of them. Raises BrokerUnreachable."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._client: AIOKafkaAdminClient | None = None

    async def __call__(self) -> None:
        try:
            if self._client is None:
                await _some_port_open(self._bootstrap)
                self._client = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, client_id="readiness")
                await self._client.start()
            await self._client.describe_topics([])  # of none: an answer without the topics is enough
        except BaseException as error:
            await self.close()
            if isinstance(error, (KafkaError, OSError, ValueError)):
                raise BrokerUnreachable(f"({self._bootstrap})") from error
            raise

    async def close(self) -> None:
        """Close the client."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await client.close()


async def _some_port_open(bootstrap: str) -> None:
    """A cheap question first: aiokafka logs an error for every address that refuses. Raises OSError."""
    last: OSError | None = None
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(host, int(port))
        except OSError as error:
            last = error
        else:
            writer.close()
            return
    raise last or OSError(f"no address in {bootstrap!r}")
