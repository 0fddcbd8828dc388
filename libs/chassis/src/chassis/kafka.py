"""The broker on aiokafka."""

from collections.abc import Sequence

from chassis.broker import Revoked, Subscription


class KafkaBroker:
    """Real Kafka."""

    def __init__(self, bootstrap: str, client_id: str) -> None:
        self.bootstrap, self.client_id = bootstrap, client_id

    async def subscribe(self, group: str, topics: Sequence[str], revoked: Revoked) -> Subscription:
        raise NotImplementedError

    async def read(self, topic: str) -> Subscription:
        raise NotImplementedError

    async def partitions(self, topic: str) -> int:
        raise NotImplementedError
