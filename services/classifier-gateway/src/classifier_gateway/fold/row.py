"""What the fold keeps of a table: one row a key, as JSON in the changelog. Times are milliseconds since 1970."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

UNKNOWN = "unknown"
STATES = frozenset({"free", "seated", "occupied", "dirty", "reserved", "blocked", UNKNOWN})
TAKEN = frozenset({"seated", "occupied"})


class Thresholds(Struct, frozen=True, kw_only=True):
    """Milliseconds of capture time: before a table is taken, before it is left, how long one contrary verdict is
    ignored, and how long a state holds without evidence."""

    enter_ms: int = 3_000
    leave_ms: int = 8_000
    hold_ms: int = 2_000
    ttl_ms: int = 30_000


class Candidate(Struct, frozen=True, kw_only=True):
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


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table, live or in one run. A struct, because each verdict reads it, makes it anew some times, and writes it."""

    table_id: str
    site_id: str
    run_id: str | None
    video_id: str | None = None
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
        return msgspec.json.encode(self)

    @staticmethod
    def parse(data: bytes) -> Row:
        """From the changelog, tolerant of fields that a newer version wrote."""
        return _DECODER.decode(data)


_DECODER = msgspec.json.Decoder(Row)
