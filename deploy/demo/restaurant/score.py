"""Compares the states and alerts of a run with truth.json. Pure; times are media milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STEP_MS = 1_000
LEAST_RIGHT = 0.95  # of all table-seconds, by the history after the run
MOST_WRONG = 0.03
LEAST_RIGHT_LIVE = 0.80  # by what was published until then: each change needs some seconds of steady evidence
SLOWEST_HAZARD_MS = 45_000

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class StateRecord:
    """One table.state record. ``since_ms`` is dated back to the first evidence; ``as_of_ms`` is the newest."""

    version: int
    state: str
    since_ms: int
    as_of_ms: int
    expires_ms: int


StateAt = Callable[[Sequence[StateRecord], int], str]


@dataclass(frozen=True, slots=True)
class Alert:
    """One hazard.alert, by its first record."""

    hazard_id: str
    kind: str
    box: Box | None
    opened_ms: int
    published_ms: int


@dataclass(frozen=True, slots=True)
class Score:
    """Seconds of tables."""

    right: int = 0
    wrong: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return self.right + self.wrong + self.unknown

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.wrong + other.wrong, self.unknown + other.unknown)

    def part(self, count: int) -> float:
        return count / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Hazards:
    """``delays_ms``: for each true spill the time until its alert, or None. All other alerts are false alarms."""

    delays_ms: tuple[int | None, ...]
    false_alarms: tuple[str, ...]


def history(records: Sequence[StateRecord], at_ms: int) -> str:
    """The state at ``at_ms`` by the whole topic: states are dated back to their first evidence."""
    return _state([record for record in records if record.since_ms <= at_ms], at_ms)


def live(records: Sequence[StateRecord], at_ms: int) -> str:
    """The state that a reader knew at ``at_ms``."""
    return _state([record for record in records if record.as_of_ms <= at_ms], at_ms)


def _state(known: Sequence[StateRecord], at_ms: int) -> str:
    newest = max(known, key=lambda record: record.version, default=None)
    if newest is None:
        return "unknown"
    # a refreshed state expires later than its first record
    reach = max(record.expires_ms for record in known if record.since_ms == newest.since_ms)
    return newest.state if at_ms <= reach else "unknown"


def table_score(
    intervals: Iterable[Sequence[Any]], records: Sequence[StateRecord], state_at: StateAt | None = None
) -> Score:
    """Score one table in the middle of every second. ``state_at`` is ``history`` (default) or ``live``.

    An interval whose true state is None (somebody is just sitting down) is not scored.
    """
    score, state_at = Score(), state_at or history
    for from_ms, to_ms, true_state in intervals:
        if true_state is None:
            continue
        for at_ms in range(int(from_ms) + STEP_MS // 2, int(to_ms), STEP_MS):
            state = state_at(records, at_ms)
            score += Score(int(state == true_state), int(state not in (true_state, "unknown")), int(state == "unknown"))
    return score


def hazard_score(spills: Sequence[Mapping[str, Any]], alerts: Sequence[Alert]) -> Hazards:
    """Each spill is found by the first alert about its place; every other alert is a false one."""
    free = sorted((alert for alert in alerts if alert.kind != "none"), key=lambda alert: alert.published_ms)
    delays: list[int | None] = []
    for spill in spills:
        hit = next((alert for alert in free if _is_about(alert, spill)), None)
        delays.append(None if hit is None else hit.published_ms - int(spill["from_ms"]))
        free = [alert for alert in free if alert is not hit]
    return Hazards(tuple(delays), tuple(alert.hazard_id for alert in free))


def _is_about(alert: Alert, spill: Mapping[str, Any]) -> bool:
    if alert.kind != "spill" or alert.box is None or not spill["from_ms"] <= alert.published_ms <= spill["to_ms"]:
        return False
    x1, y1, x2, y2 = spill["box"]
    x, y = (alert.box[0] + alert.box[2]) / 2, (alert.box[1] + alert.box[3]) / 2
    return bool(x1 < x < x2 and y1 < y < y2)


def shortfalls(past: Score, at_the_time: Score, hazards: Hazards) -> list[str]:
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
            found.append(f"a spill was reported after {delay / 1000:.0f} s (at most {SLOWEST_HAZARD_MS // 1000} s)")
    if hazards.false_alarms:
        found.append(f"{len(hazards.false_alarms)} false alarms: {', '.join(hazards.false_alarms)}")
    return found
