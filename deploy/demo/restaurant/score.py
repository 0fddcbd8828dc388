"""How well a stack told the story: what the topics said against truth.json. Pure; times are media milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STEP_MS = 1_000
LEAST_RIGHT = 0.95  # of all table-seconds, by the history as it stands at the end
MOST_WRONG = 0.03
LEAST_RIGHT_LIVE = 0.80  # as told at the time: each change needs some seconds of steady evidence
SLOWEST_HAZARD_MS = 45_000

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Said:
    """One table.state record. ``since_ms`` is dated back, ``as_of_ms`` is what was known when it was said."""

    version: int
    state: str
    since_ms: int
    as_of_ms: int
    expires_ms: int


Teller = Callable[[Sequence[Said], int], str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One hazard.alert, by its first record."""

    hazard_id: str
    kind: str
    box: Box | None
    opened_ms: int
    told_ms: int


@dataclass(frozen=True, slots=True)
class Share:
    """Seconds of tables."""

    right: int = 0
    wrong: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return self.right + self.wrong + self.unknown

    def __add__(self, other: Share) -> Share:
        return Share(self.right + other.right, self.wrong + other.wrong, self.unknown + other.unknown)

    def part(self, count: int) -> float:
        return count / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Hazards:
    """``delays_ms``: for each true spill the time until it was told, None when never; the rest are false alarms."""

    delays_ms: tuple[int | None, ...]
    false_alarms: tuple[str, ...]


def history(records: Sequence[Said], at_ms: int) -> str:
    """What the whole topic says today of that moment: states are dated back to their first evidence."""
    return _state([record for record in records if record.since_ms <= at_ms], at_ms)


def live(records: Sequence[Said], at_ms: int) -> str:
    """What a reader knew at that moment."""
    return _state([record for record in records if record.as_of_ms <= at_ms], at_ms)


def _state(known: Sequence[Said], at_ms: int) -> str:
    newest = max(known, key=lambda record: record.version, default=None)
    if newest is None:
        return "unknown"
    # a state said again later reaches further than its first record
    reach = max(record.expires_ms for record in known if record.since_ms == newest.since_ms)
    return newest.state if at_ms <= reach else "unknown"


def table_share(intervals: Iterable[Sequence[Any]], records: Sequence[Said], told: Teller | None = None) -> Share:
    """Score one table in the middle of every second. ``told`` is ``history`` (default) or ``live``.

    An interval whose true state is None (somebody is just sitting down) is not scored.
    """
    share, told = Share(), told or history
    for from_ms, to_ms, true_state in intervals:
        if true_state is None:
            continue
        for at_ms in range(int(from_ms) + STEP_MS // 2, int(to_ms), STEP_MS):
            said = told(records, at_ms)
            share += Share(int(said == true_state), int(said not in (true_state, "unknown")), int(said == "unknown"))
    return share


def hazard_score(spills: Sequence[Mapping[str, Any]], alarms: Sequence[Alarm]) -> Hazards:
    """Each spill is found by the first alarm about its place; every other alarm is a false one."""
    free = sorted((alarm for alarm in alarms if alarm.kind != "none"), key=lambda alarm: alarm.told_ms)
    delays: list[int | None] = []
    for spill in spills:
        hit = next((alarm for alarm in free if _is_about(alarm, spill)), None)
        delays.append(None if hit is None else hit.told_ms - int(spill["from_ms"]))
        free = [alarm for alarm in free if alarm is not hit]
    return Hazards(tuple(delays), tuple(alarm.hazard_id for alarm in free))


def _is_about(alarm: Alarm, spill: Mapping[str, Any]) -> bool:
    if alarm.kind != "spill" or alarm.box is None or not spill["from_ms"] <= alarm.told_ms <= spill["to_ms"]:
        return False
    x1, y1, x2, y2 = spill["box"]
    x, y = (alarm.box[0] + alarm.box[2]) / 2, (alarm.box[1] + alarm.box[3]) / 2
    return bool(x1 < x < x2 and y1 < y < y2)


def shortfalls(past: Share, at_the_time: Share, hazards: Hazards) -> list[str]:
    """What is below the thresholds, in words; empty when all is well."""
    found = []
    if past.part(past.right) < LEAST_RIGHT:
        found.append(f"only {past.part(past.right):.1%} of table-seconds right (at least {LEAST_RIGHT:.0%})")
    if past.part(past.wrong) > MOST_WRONG:
        found.append(f"{past.part(past.wrong):.1%} of table-seconds wrong (at most {MOST_WRONG:.0%})")
    if at_the_time.part(at_the_time.right) < LEAST_RIGHT_LIVE:
        found.append(f"only {at_the_time.part(at_the_time.right):.1%} right at the time ({LEAST_RIGHT_LIVE:.0%})")
    for delay in hazards.delays_ms:
        if delay is None:
            found.append("a spill was not found")
        elif delay > SLOWEST_HAZARD_MS:
            found.append(f"a spill was told after {delay / 1000:.0f} s (at most {SLOWEST_HAZARD_MS // 1000} s)")
    if hazards.false_alarms:
        found.append(f"{len(hazards.false_alarms)} false alarms: {', '.join(hazards.false_alarms)}")
    return found
