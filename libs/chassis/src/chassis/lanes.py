"""Two lanes in every topic: the first two thirds of the partitions are live, the rest are runs."""

from chassis.records import Sendable

LANES = ("live", "run")


def live_partitions(count: int) -> range:
    """Partitions that belong to live keys; at least one."""
    return range(max(1, count * 2 // 3))


def run_partitions(count: int) -> range:
    """Partitions that belong to runs; a topic of one partition shares it."""
    return range(len(live_partitions(count)) if count > 1 else 0, count)


def is_live(partition: int, count: int) -> bool:
    """Whether a partition belongs to live keys; the only one of a topic does."""
    return partition in live_partitions(count)


def lane_of(partition: int, count: int) -> str:
    """The lane that a partition belongs to."""
    return "live" if is_live(partition, count) else "run"


def partition_for(key: bytes, lane: str, count: int) -> int:
    """The partition of a key: Kafka's murmur2 within its lane's partitions."""
    partitions = run_partitions(count) if lane == "run" else live_partitions(count)
    return partitions[(murmur2(key) & 0x7FFFFFFF) % len(partitions)]


def partition_of(message: Sendable, count: int) -> int:
    """The partition that a message goes to: its own, else by its key and lane."""
    return partition_for(message.key or b"", message.lane, count) if message.partition is None else message.partition


def murmur2(data: bytes) -> int:
    """Kafka's 32-bit murmur2 (org.apache.kafka.common.utils.Utils.murmur2), as an unsigned number."""
    mask, mix = 0xFFFFFFFF, 0x5BD1E995
    whole = len(data) & ~3
    value = (0x9747B28C ^ len(data)) & mask
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * mix & mask
        word = (word ^ word >> 24) * mix & mask
        value = value * mix & mask ^ word
    if whole != len(data):
        value = (value ^ int.from_bytes(data[whole:], "little")) * mix & mask
    value = (value ^ value >> 13) * mix & mask
    return value ^ value >> 15
