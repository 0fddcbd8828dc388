"""What the broker knows of a fold's group, asked and corrected without Faust."""

from collections.abc import Iterable
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import IllegalStateError, KafkaError

from folding.options import FoldOptions


async def forget_offsets(options: FoldOptions, topics: Iterable[str]) -> None:
    """Commit the beginning of topics that were made anew: Faust may have committed of the old one after its deletion.

    Kafka takes this while no replica is in the group; when one is, it has done the same before it joined.
    """
    partitions = [TopicPartition(topic, number) for topic in topics for number in range(options.partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=options.bootstrap, group_id=options.group, enable_auto_commit=False
    )  # fmt: skip
    try:
        with suppress(KafkaError, IllegalStateError, OSError):
            await consumer.start()
            consumer.assign(partitions)
            await consumer.commit(await consumer.beginning_offsets(partitions))
    finally:
        await consumer.stop()


async def waiting_records(options: FoldOptions) -> tuple[int, int]:
    """(committed offsets of the group, records that it has not committed), summed over the partitions of `topic`.

    Raises KafkaError, OSError.
    """
    partitions = [TopicPartition(options.topic, number) for number in range(options.partitions)]
    admin = AIOKafkaAdminClient(bootstrap_servers=options.bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=options.bootstrap, enable_auto_commit=False)
    try:
        await admin.start()
        await consumer.start()
        consumer.assign(partitions)
        consumer.pause(*partitions)
        first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        known = await admin.list_consumer_group_offsets(options.group, partitions=partitions)
    finally:
        await consumer.stop()
        await admin.close()
    at = {each: max(known[each].offset if each in known else -1, first[each]) for each in partitions}
    return sum(at.values()), sum(max(0, end[each] - at[each]) for each in partitions)
