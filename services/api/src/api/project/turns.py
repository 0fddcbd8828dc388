"""Which records of a table's state tell that it turned, and which only confirm it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tablewatch_schemas import TableState
from tablewatch_schemas.times import write_time


@dataclass(frozen=True, slots=True)
class Held:
    """The state that a table was last known to be in, and since when (as its record has it)."""

    state: str
    since: str


def turns(held: Mapping[str, Held], records: Iterable[tuple[str, TableState]]) -> list[tuple[str, TableState]]:
    """(key, record) of each transition, in order. A state that began at another time is another one."""
    now, found = dict(held), []
    for key, event in records:
        reached = Held(event.state, write_time(event.since))
        if now.get(key) != reached:
            found.append((key, event))
        now[key] = reached
    return found
