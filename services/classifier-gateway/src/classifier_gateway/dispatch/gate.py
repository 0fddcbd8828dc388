"""Which frames need no look, because nothing changed at any table since the last one. In memory only: after a restart,
and wherever it does not know, the frame is looked at."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cachetools import LRUCache

from classifier_gateway.dispatch.settling import NOTHING_KNOWN, Settling
from tablewatch_schemas import CropReady, TableEvidenceThresholds, to_ms

_SOURCES = 10_000  # cameras and runs that are remembered


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a camera or a run. Capture times, ms; `looked_ms` 0: nobody has looked yet."""

    layout_key: str | None
    index: int | None
    at_ms: int
    changed_ms: int
    looked_ms: int = 0
    judgement_key: str | None = None
    """Of that look."""
    settling: Settling = NOTHING_KNOWN


class Gate:
    """Shut for frames like the one that was looked at last.

    A look stands for at most `gated_ms`; 0: for itself alone, but for a camera that says itself how often it is looked
    at. After a change looks show what became of it for as long as a state takes to change: the fold needs several for
    that, and a gated frame is none. It is open at the times at which a state may change, and at every frame where looks
    differ or another change was under way.
    """

    def __init__(self, gated_ms: int, defaults: TableEvidenceThresholds) -> None:
        self._gated_ms, self._defaults = gated_ms, defaults
        self._seen: LRUCache[str, Remembered] = LRUCache(_SOURCES)

    def is_shut(self, ready: CropReady, thresholds: TableEvidenceThresholds | None, look_every_ms: int = 0) -> bool:
        """Whether the frame needs no look. `look_every_ms`: how often its camera is looked at, where it says so.

        Each frame is to be shown once, in order; one that comes again is open."""
        at_ms, before = to_ms(ready.captured_at), self._seen.get(_source(ready))
        times = thresholds or self._defaults
        follows = before is not None and _follows(ready, at_ms, before, times.ttl_ms)
        is_due = before is not None and at_ms - before.looked_ms >= (look_every_ms or self._gated_ms)
        is_old = before is not None and is_due and _is_old(before, at_ms, times)
        is_open = not follows or is_old or _has_changed(ready)
        settling = before.settling if before is not None and follows and not is_old else NOTHING_KNOWN
        self._seen[_source(ready)] = Remembered(
            layout_key=ready.layout_key,
            index=ready.index,
            at_ms=max(at_ms, before.at_ms if before else 0),
            changed_ms=at_ms if before is None or is_open else before.changed_ms,
            looked_ms=before.looked_ms if before else 0,
            judgement_key=before.judgement_key if before else None,
            settling=settling.changed() if is_open else settling,
        )
        if before is None or is_open or is_due:
            return False
        needed = settling.needs_look(at_ms, times)
        return _has_settled(before, times) if needed is None else not needed

    def looked(
        self, ready: CropReady, judgement_key: str, labels: Iterable[str], thresholds: TableEvidenceThresholds | None
    ) -> None:
        """A classifier has judged the frame; `labels` of its tables."""
        seen, at_ms = self._seen.get(_source(ready)), to_ms(ready.captured_at)
        if seen is not None and at_ms > seen.looked_ms:
            settling = seen.settling.looked(tuple(labels), at_ms, thresholds or self._defaults)
            self._seen[_source(ready)] = replace(
                seen, looked_ms=at_ms, judgement_key=judgement_key, settling=settling
            )  # fmt: skip

    def unsettle(self, source: str | None) -> None:
        """States of a camera or a run (None: of any) may have turned by something else than looks: that is like a
        change of which nothing is known."""
        for each in list(self._seen) if source is None else [source]:
            if (seen := self._seen.get(each)) is not None:
                self._seen[each] = replace(seen, changed_ms=seen.at_ms, settling=NOTHING_KNOWN)

    def judgement_key(self, ready: CropReady) -> str | None:
        """Of the look that a gated frame stands on."""
        seen = self._seen.get(_source(ready))
        return None if seen is None else seen.judgement_key


def _source(ready: CropReady) -> str:
    return ready.run_id or ready.camera_id or ""


def _follows(ready: CropReady, at_ms: int, before: Remembered, ttl_ms: int) -> bool:
    """Whether it is the next frame, so that a change in between cannot have been missed."""
    is_next = ready.index is None or before.index is None or ready.index == before.index + 1
    return is_next and ready.layout_key == before.layout_key and 0 < at_ms - before.at_ms <= ttl_ms


def _is_old(seen: Remembered, at_ms: int, times: TableEvidenceThresholds) -> bool:
    """Whether the last look is so old that one alone turns no state: what it shows needs others after it."""
    return seen.looked_ms > 0 and at_ms - seen.looked_ms > times.ttl_ms


def _has_settled(seen: Remembered, times: TableEvidenceThresholds) -> bool:
    """Whether there was a look so long after the change that a state would have changed by it."""
    return seen.looked_ms >= seen.changed_ms + max(times.enter_ms, times.leave_ms) + times.hold_ms


def _has_changed(ready: CropReady) -> bool:
    """Whether a table's region differs from the frame before, or was not compared."""
    return not ready.crops or any(crop.changed is not False for crop in ready.crops)
