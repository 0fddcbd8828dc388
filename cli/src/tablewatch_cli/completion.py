"""What the shell offers after TAB: names from the contracts, without a network."""

from __future__ import annotations

from typing import Any

from tablewatch_schemas import TOPICS, dlq_name


def topics(_context: Any, _parameter: Any, begun: str) -> list[str]:
    """Topics of the contracts."""
    return [name for name in sorted(TOPICS) if name.startswith(begun)]


def dead_letter_topics(_context: Any, _parameter: Any, begun: str) -> list[str]:
    """Dead-letter topics of our own consumer groups."""
    names = (dlq_name(name, group) for name, info in TOPICS.items() for group in info.consumers)
    return [name for name in sorted(names) if name.startswith(begun)]


def groups(_context: Any, _parameter: Any, begun: str) -> list[str]:
    """Our own consumer groups."""
    names = {group for info in TOPICS.values() for group in info.consumers}
    return [name for name in sorted(names) if name.startswith(begun)]
