"""Which looks a state needs after the last change of a picture, when all of them say the same. Pure; capture time, ms.

The fold counts from the first look that says something new: what it asks for is known as soon as it is known that no
other change was under way. So looks are needed at the times at which a state may change, and not in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tablewatch_schemas import TableEvidenceThresholds

Labels = tuple[str, ...]
"""Of one look, in the order of its tables."""


@dataclass(frozen=True, slots=True)
class Settling:
    """`state`: what the tables' states are, with no look against them; None where that is not known.

    The rest is of the looks since the last change: what the first of them said, whether another said something else,
    when they were: the first, the first that was at least `hold_ms` later, the last.
    """

    state: Labels | None = None
    labels: Labels | None = None
    differ: bool = False
    first_ms: int = 0
    held_ms: int = 0
    last_ms: int = 0

    def changed(self) -> Settling:
        """The picture has changed. A look that said something else than the states has begun what may go on."""
        nothing_begun = self.labels is None or (self.labels == self.state and not self.differ)
        return Settling(state=self.state if nothing_begun else None)

    def looked(self, labels: Labels, at_ms: int, times: TableEvidenceThresholds) -> Settling:
        """One look more."""
        if self.labels is None:
            return replace(self, labels=labels, first_ms=at_ms, last_ms=at_ms)
        held_ms = self.held_ms or (at_ms if at_ms - self.first_ms >= times.hold_ms else 0)
        differ = self.differ or labels != self.labels
        return replace(self, differ=differ, held_ms=held_ms, last_ms=at_ms)._settled(times)

    def needs_look(self, at_ms: int, times: TableEvidenceThresholds) -> bool | None:
        """Whether a state may change by what is seen at a time; None where only looks at every frame tell."""
        if self.labels is None or self.state is None or self.differ:
            return None
        since_ms, last_ms = at_ms - self.first_ms, self.last_ms - self.first_ms
        decisive = (times.hold_ms,) if self.labels == self.state else (times.hold_ms, *_turns(times))
        return any(last_ms < each <= since_ms for each in decisive)

    def _settled(self, times: TableEvidenceThresholds) -> Settling:
        """With the states that the looks have led to. Where another change was under way it ended after `hold_ms`."""
        begun_ms = self.held_ms if self.state is None else self.first_ms
        is_over = begun_ms and self.last_ms - begun_ms >= max(_turns(times))
        return replace(self, state=self.labels) if is_over and not self.differ else self


NOTHING_KNOWN = Settling()


def _turns(times: TableEvidenceThresholds) -> tuple[int, ...]:
    """How long after the first look a state may turn: to doubt (longer than `hold_ms`), taken, free."""
    return times.hold_ms + 1, times.enter_ms, times.leave_ms
