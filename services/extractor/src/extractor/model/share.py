"""Which cameras a process captures: its fair share by what they cost, taken and given back a few at a time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

STEP = 4
"""Cameras claimed or given back in one round, so that a deploy moves them a few at a time."""
BASE, PER_SAMPLE = 1.0, 2.3
"""Percent of a core that a stream of 1080p costs by itself, and for each picture a second (docs/measurements/live.md:
1.2 at one in ten seconds, 3.3 at one a second)."""
FULL_REASON = "Every process that reads cameras is full: start another extractor, or raise CAMERA_LIMIT."
_EQUAL = 1e-6


def weight(cadence_ms: int) -> float:
    """What a camera costs, in percent of a core."""
    return BASE + PER_SAMPLE * 1000 / cadence_ms


@dataclass(frozen=True, slots=True)
class Load:
    """The weight of all cameras that are to be captured, how many processes share them, and of these, without the one
    that asks, those that are full: how many, and the weight that they hold.
    """

    weight: float
    processes: int
    full: int = 0
    full_weight: float = 0.0

    @property
    def all_full(self) -> bool:
        """Whether every other process is."""
        return self.full >= self.processes - 1


@dataclass(frozen=True, slots=True)
class Change:
    """What to do in this round; cameras are claimed until `room` is used up, the last may exceed it."""

    claim: int = 0
    room: float = 0.0
    give_back: int = 0


def next_change(mine: Sequence[float], load: Load, limit: int) -> Change:
    """`mine` are the weights of the process's cameras, those that it gives back first at the end.

    What is held by a process that is full is shared out no more; the others take the rest. Who is below the share
    claims, and if a camera is left over somebody is; who gives back stays at the share at least. So none is left over
    while there is room, and none goes to and fro.
    """
    share = (load.weight - load.full_weight) / max(1, load.processes - load.full)
    held, give_back = sum(mine), 0
    for each in list(reversed(mine))[:STEP]:
        if len(mine) - give_back <= limit and held - each < share - _EQUAL:
            break
        held, give_back = held - each, give_back + 1
    if give_back:
        return Change(give_back=give_back)
    claim = max(0, min(STEP, limit - len(mine)))
    return Change(claim=claim, room=share - held) if claim and held < share - _EQUAL else Change()
