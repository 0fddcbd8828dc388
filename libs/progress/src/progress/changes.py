"""What became of topics between two looks at them, and of records between two offsets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from progress.topics import Topic


@dataclass(frozen=True, slots=True)
class Changes:
    """By name of topic. One that was made anew has another id; what was read of the old one says nothing about it."""

    missing: frozenset[str] = frozenset()
    made_anew: frozenset[str] = frozenset()
    resized: frozenset[str] = frozenset()

    @property
    def ends_reading(self) -> bool:
        """Whether positions and partition counts of now are wrong; a missing topic may still come back."""
        return bool(self.made_anew or self.resized)

    def each(self) -> list[tuple[str, str]]:
        """(what, topic): what happened to each, as a label of a metric."""
        kinds = (("missing", self.missing), ("made_anew", self.made_anew), ("resized", self.resized))
        return [(what, topic) for what, topics in kinds for topic in sorted(topics)]

    def sentence(self) -> str | None:
        """What is wrong and what to do, for readiness and logs; None when nothing is."""
        parts = [
            (self.missing, "does not exist: it was deleted; create it again, its records of before are lost"),
            (self.made_anew, "was deleted and made anew: it is read from its beginning"),
            (self.resized, "has another number of partitions than before: it is read again with all of them"),
        ]
        return "; ".join(f"topic {', '.join(sorted(names))} {what}" for names, what in parts if names) or None


def compare(before: Mapping[str, Topic], now: Mapping[str, Topic]) -> Changes:
    """What is different in `now`; topics that only `now` has are nobody's."""
    there = before.keys() & now.keys()
    anew = frozenset(name for name in there if now[name].id != before[name].id)
    resized = frozenset(name for name in there - anew if now[name].partitions != before[name].partitions)
    return Changes(frozenset(before.keys() - there), anew, resized)


def lost(expected: int, first_read: int, beginning: int) -> int:
    """Records that were deleted before they were read: `expected` was next, `first_read` came, `beginning` is oldest.

    A gap above the beginning is no loss: compaction and transactions leave gaps.
    """
    return max(0, min(first_read, beginning) - expected)
