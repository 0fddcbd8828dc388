"""The row of a table: one a key, as JSON in the changelog. Times are milliseconds since 1970.

The JSON names are those that stand in changelogs already: `field(name=...)` keeps them where an attribute has another.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

UNKNOWN = "unknown"
STATES = frozenset({"free", "seated", "occupied", "dirty", "reserved", "blocked", UNKNOWN})
TAKEN = frozenset({"seated", "occupied"})


class Candidate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Another state than the row's, and the verdicts for and against it."""

    label: str
    first_ms: int
    last_ms: int
    votes: int
    against: int
    against_ms: int | None
    """Capture time of the first verdict against it since the last one for it."""
    confidence_sum: float = field(name="trust")
    """Of the verdicts for it."""
    evidence_ids: tuple[str, ...]
    frame_ids: tuple[str, ...]
    doubtful: int = 0
    """Looks since its first verdict that could not tell: neither for it nor against it."""


class Vote(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest look of one camera, and what it weighed when votes were counted last (`fold.votes`)."""

    label: str
    reason: str | None = None
    """Of a doubtful look."""
    confidence: float
    at_ms: int
    since_ms: int
    """From when its certain looks have agreed (`label`, or `certain` while it is in doubt); 0: it saw no change."""
    certain: str | None = None
    """Of a doubtful look: what the camera said when it was certain last."""
    renewed_ms: int = 0
    """Capture time of the newest gated frame, in which nothing had changed since the look."""
    pixels: int | None = None
    """Of the table's zone in its picture."""
    doubt: float = 0.0
    """Share of its looks that were doubtful, of the last `looks`."""
    looks: int = 1
    weight: float = 0.0
    excluded: str | None = None
    """Why it did not count: blind, stale or older (another camera has seen the table change since)."""


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table, live or in one run. A Struct, because each verdict decodes it, copies it some times and encodes it."""

    table_id: str
    site_id: str
    run_id: str | None
    video_id: str | None = None
    label: str | None = None
    """What people call the table, in the layout drawn at `label_ms`, of version `label_version`."""
    label_version: int = 0
    label_ms: int = 0
    """0: evidence did not say yet when its layout was drawn."""
    label_seen_ms: int = 0
    """Capture time of the newest evidence of that layout."""
    version: int = 0
    state: str = UNKNOWN
    previous: str | None = None
    confidence: float = 0.0
    as_of_ms: int = 0
    since_ms: int = 0
    expires_ms: int = 0
    published_ms: int = field(default=0, name="told_ms")
    """`as_of_ms` of the state that was published last."""
    candidate: Candidate | None = None
    doubt: Candidate | None = None
    """The doubtful looks since a certain one, as evidence for `unknown`; those against it were certain."""
    doubt_reason: str | None = None
    """Of the newest doubtful look: a code of `tablewatch_schemas.doubts`."""
    unknown_reason: str | None = None
    """Why the state is unknown; None: it is known, or was never known."""
    newest_ms: dict[str, int] = field(default_factory=dict, name="order")
    """Newest capture time by source; evidence that is not newer is a duplicate."""
    cameras: tuple[str, ...] = ()
    votes: dict[str, Vote] = field(default_factory=dict)
    """By camera. Rows of before have none until each camera has looked again."""
    blind: dict[str, str] = field(default_factory=dict, name="unwell")
    """Cameras that see nothing useful, and why."""
    people: int | None = None
    model: tuple[str, str] | None = None
    layout_version: int | None = None
    evidence_ids: tuple[str, ...] = ()
    frame_ids: tuple[str, ...] = ()
    offset: int = -1
    """Of the record that changed this row last, in its partition: a tick at or before it is a duplicate."""
    closed: str | None = None
    """ended or deleted: no more states are published, and late evidence is ignored."""
    idle_ms: int | None = None
    """First tick since the last evidence; a run's row is dropped some time after it."""

    def to_json(self) -> bytes:
        """For the changelog; fields that stand at their default are left out."""
        return msgspec.json.encode(self)

    @staticmethod
    def parse(data: bytes) -> Row:
        """From the changelog, tolerant of fields that a newer version wrote."""
        return _DECODER.decode(data)


def row_key(table_id: str, run_id: str | None) -> str:
    """Of a table's row, evidence and states."""
    return table_id if run_id is None else f"{table_id}@{run_id}"


_DECODER = msgspec.json.Decoder(Row)
