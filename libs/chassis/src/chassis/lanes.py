"""Two lanes in every topic: the first two thirds of the partitions are live, the rest are runs."""


def live_partitions(count: int) -> range:
    """Partitions that belong to live keys; at least one."""
    return range(max(1, count * 2 // 3))


def run_partitions(count: int) -> range:
    """Partitions that belong to runs; a topic of one partition shares it."""
    return range(len(live_partitions(count)) if count > 1 else 0, count)


def partition_for(key: bytes, lane: str, count: int) -> int:
    """The partition of a key: Kafka's murmur2 within its lane's partitions."""
    partitions = run_partitions(count) if lane == "run" else live_partitions(count)
    return partitions[(murmur2(key) & 0x7FFFFFFF) % len(partitions)]


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
