"""Which stored pictures of a live camera lie in a time, and which of them are looked at. Pure.

The name of a live frame is its capture time in ms, in a folder of its day (`keys.live_frame`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from tablewatch_schemas import from_ms, keys, to_ms

T = TypeVar("T")

STEP_MS = 100_000
"""Of a prefix: a day is a whole number of steps, so that none lies in two folders."""


def frame_prefixes(site_id: str, camera_id: str, since: datetime, until: datetime) -> list[str]:
    """Prefixes of the keys of all pictures of the time, and of few others."""
    steps = range(to_ms(since) // STEP_MS, to_ms(until) // STEP_MS + 1)
    return [step_prefix(keys.live_frame(site_id, camera_id, from_ms(step * STEP_MS))) for step in steps]


def step_prefix(key: str) -> str:
    """Prefix of the keys beside a key that are of the same step."""
    wide = len(str(STEP_MS)) - 1
    return key.rpartition(".")[0][:-wide]


def captured_at(frame_key: str) -> datetime:
    """When the picture under a key of `frame_prefixes` was taken."""
    return datetime.fromtimestamp(int(frame_key.rpartition("/")[2].partition(".")[0]) / 1000, UTC)


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly over all of them, the first and the last among them."""
    count = len(items)
    if count <= most:
        return list(items)
    return [items[round(number * (count - 1) / (most - 1))] for number in range(most)]
