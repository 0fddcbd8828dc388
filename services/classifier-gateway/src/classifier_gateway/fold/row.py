"""What the fold keeps of a table: one row a key, as JSON in the changelog. Times are milliseconds since 1970."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

UNKNOWN = "unknown"
STATES = frozenset({"free", "seated", "occupied", "dirty", "reserved", "blocked", UNKNOWN})
TAKEN = frozenset({"seated", "occupied"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Milliseconds of capture time: before a table is taken, before it is left, how long one contrary verdict is
    ignored, and how long a state holds without evidence."""

    enter_ms: int = 3_000
    leave_ms: int = 8_000
    hold_ms: int = 2_000
    ttl_ms: int = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A state that the evidence has begun to speak for. `trust` is the sum of its votes' confidence."""

    label: str
    first_ms: int
    last_ms: int
    votes: int
    against: int
    against_ms: int | None
    """Since when verdicts speak against it, without one for it in between."""
    trust: float
    evidence_ids: tuple[str, ...]
    frame_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A table, live or in one run."""

    table_id: str
    site_id: str
    run_id: str | None
    version: int = 0
    state: str = UNKNOWN
    previous: str | None = None
    confidence: float = 0.0
    as_of_ms: int = 0
    since_ms: int = 0
    expires_ms: int = 0
    told_ms: int = 0
    """`as_of_ms` of what was published last."""
    candidate: Candidate | None = None
    order: dict[str, int] = field(default_factory=dict)
    """Newest capture time by source; older or equal ones are repeats."""
    cameras: tuple[str, ...] = ()
    unwell: dict[str, str] = field(default_factory=dict)
    """Cameras that see nothing useful, and why."""
    people: int | None = None
    model: tuple[str, str] | None = None
    layout_version: int | None = None
    evidence_ids: tuple[str, ...] = ()
    frame_ids: tuple[str, ...] = ()
    offset: int = -1
    """Of the record that changed this row last, in its partition: a tick at or before it is a repeat."""
    closed: str | None = None
    """ended or deleted: nothing more is said of it, and what comes late is ignored."""
    idle_ms: int | None = None
    """First tick since the last evidence; runs are forgotten some time after it."""

    @property
    def key(self) -> str:
        """The record key of its evidence and states."""
        return self.table_id if self.run_id is None else f"{self.table_id}@{self.run_id}"

    def to_json(self) -> bytes:
        """For the changelog; fields that stand at their default are left out."""
        values = {name: getattr(self, name) for name in Row.__dataclass_fields__}  # asdict copies all, to no use here
        return orjson.dumps({name: value for name, value in values.items() if value != _DEFAULTS.get(name, _NONE)})

    @staticmethod
    def parse(data: bytes) -> Row:
        """From the changelog, tolerant of fields that a newer version wrote."""
        values: dict[str, Any] = orjson.loads(data)
        given = {name: _tuples(name, value) for name, value in values.items() if name in Row.__dataclass_fields__}
        if given.get("candidate"):
            fields = given["candidate"].items()
            given["candidate"] = Candidate(**{name: _tuples(name, value) for name, value in fields})
        return Row(**given)


_NONE = object()
_DEFAULTS: dict[str, Any] = {
    name: value for name, value in asdict(Row(table_id="", site_id="", run_id=None)).items() if name != "run_id"
}
_TUPLES = frozenset({"cameras", "model", "evidence_ids", "frame_ids"})


def _tuples(name: str, value: Any) -> Any:
    return tuple(value) if name in _TUPLES and value is not None else value
