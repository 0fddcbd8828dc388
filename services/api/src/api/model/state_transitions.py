"""Which records of table.state are transitions, and which only confirm the state that a table is in. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.model.keyed_records import Change
from tablewatch_schemas.times import write_time


@dataclass(frozen=True, slots=True)
class CurrentState:
    """The state that a table is in, and since when (as its record has it)."""

    state: str
    since: str


def find_transitions(current: Mapping[str, CurrentState], changes: Iterable[Change]) -> list[Change]:
    """The changes that are transitions, in order. The same state with another `since` is a transition too."""
    latest, transitions = dict(current), []
    for change in changes:
        if change.event is None:
            continue
        reached = CurrentState(change.event.state, write_time(change.event.since))
        if latest.get(change.key) != reached:
            transitions.append(change)
        latest[change.key] = reached
    return transitions
