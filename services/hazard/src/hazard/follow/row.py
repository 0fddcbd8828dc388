"""The row of a site's or a run's alerts, as JSON in the changelog. Times are milliseconds of capture time.

The JSON names are those that stand in changelogs already: `field(name=...)` keeps them where an attribute has another.
"""

import msgspec
from msgspec import Struct, field

from hazard.geometry import Box


class Alert(Struct, kw_only=True):
    """One alert."""

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
    unseen_since_ms: int | None = field(default=None, name="gone_ms")
    """First frame of its camera that did not show it any more."""
    changed_ms: int = 0
    actor: str | None = None
    note: str | None = None
    near_table_labels: tuple[str, ...] | None = None
    """None in rows of before, and where the candidate had none."""
    acknowledged_ms: int | None = None
    cleared_ms: int | None = None


class Row(Struct, kw_only=True):
    """Everything of one key: a site, or a run of it."""

    live: bool = True
    alerts: dict[str, Alert] = field(default_factory=dict)
    newest_ms: dict[str, int] = field(default_factory=dict, name="seen")
    """Newest capture time by source (a camera, or the run); a candidate that is not newer is a duplicate."""
    commands: tuple[str, ...] = ()
    """Ids of the commands applied last."""
    closed_versions: dict[str, int] = field(default_factory=dict, name="gone")
    """Last versions of a run's alerts that are closed: deleting the run needs them for its tombstones."""
    ended_ms: int | None = None
    """End of a run. Its row stays for a while, so that redelivered records open nothing anew."""

    @classmethod
    def parse(cls, data: bytes | None, *, live: bool) -> "Row":
        """From the changelog, tolerant of fields that a newer version wrote; an empty row when there is none."""
        if data is None:
            return cls(live=live)
        row = _DECODER.decode(data)
        row.live = live
        return row

    def to_json(self) -> bytes | None:
        """For the changelog; None when nothing is worth keeping."""
        if not (self.alerts or self.newest_ms or self.closed_versions or self.ended_ms):
            return None
        return msgspec.json.encode(self)


_DECODER = msgspec.json.Decoder(Row)
