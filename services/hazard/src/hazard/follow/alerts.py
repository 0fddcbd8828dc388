"""What is kept of a site's or a run's alerts, and its form in the table's row. Pure."""

from dataclasses import dataclass, field, fields
from typing import Any

import orjson

Box = tuple[float, float, float, float]

OPEN = frozenset({"opened", "acknowledged"})


@dataclass(slots=True)
class Alert:
    """One alert. Times are milliseconds of capture time; `gone_ms` is since when nothing is seen there any more."""

    hazard_id: str
    camera_id: str | None
    kind: str
    status: str
    version: int
    severity: str
    confidence: float
    box: Box
    near_table_ids: tuple[str, ...]
    opened_ms: int
    as_of_ms: int
    frame_ids: tuple[str, ...]
    frame_key: str | None
    detector: tuple[str, str]
    gone_ms: int | None = None
    changed_ms: int = 0
    actor: str | None = None
    note: str | None = None


@dataclass(slots=True)
class Row:
    """Everything of one key: a site, or a run of it.

    `seen` is the newest capture time by source (a camera, or the run), so that a repeated candidate changes nothing.
    `gone` are the last versions of a run's alerts that are settled: deleting the run needs them for its tombstones.
    An ended run's row stays for a while, so that records that come again open nothing anew.
    """

    live: bool = True

    alerts: dict[str, Alert] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    gone: dict[str, int] = field(default_factory=dict)
    ended_ms: int | None = None

    @classmethod
    def read(cls, data: bytes | None, live: bool) -> "Row":
        """From the table; an empty one when there is none."""
        if data is None:
            return cls(live=live)
        raw = orjson.loads(data)
        alerts = {name: _alert(one) for name, one in raw["alerts"].items()}
        return cls(live, alerts, raw["seen"], tuple(raw["commands"]), raw["gone"], raw["ended_ms"])

    def write(self) -> bytes | None:
        """For the table; None when nothing is worth keeping."""
        if not (self.alerts or self.seen or self.gone or self.ended_ms):
            return None
        return orjson.dumps(self)


def _alert(raw: dict[str, Any]) -> Alert:
    given = {one.name: raw[one.name] for one in fields(Alert) if one.name in raw}
    for name in ("box", "near_table_ids", "frame_ids", "detector"):
        given[name] = tuple(given[name])
    return Alert(**given)
