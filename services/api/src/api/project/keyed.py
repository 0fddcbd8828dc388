"""Records of topics with keys: into their read model, into the history of states, and onto the event stream."""

from collections.abc import Collection, Sequence

from api.model.events import record_event
from api.model.keyed_records import Change, KeyedRecord, last_of_each_key, select_changes
from api.model.projections import READ_MODELS
from api.model.site_events import NewSiteEvent
from api.model.state_transitions import find_transitions
from api.store import Connection, read_models, state_history


async def apply_keyed(
    conn: Connection, topic: str, records: Sequence[KeyedRecord], runs: Collection[str]
) -> list[NewSiteEvent]:
    """Apply the records of one topic, in order; the events that its readers get.

    Left out are records that are not newer than what is stored, and those of runs that are not in `runs`.
    """
    model = READ_MODELS[topic]
    rows = await read_models.lock(conn, model, {each.key for each in records})
    changes = select_changes(model, records, rows, runs)
    transitions = await _add_transitions(conn, changes) if model.history else changes
    await read_models.write(conn, model, last_of_each_key(changes))
    reported = {(each.key, each.version) for each in transitions}
    return [
        record_event(topic, each, confirms=each.event is not None and (each.key, each.version) not in reported)
        for each in changes
        if each.visible
    ]


async def _add_transitions(conn: Connection, changes: Sequence[Change]) -> list[Change]:
    """Store the transitions among the changes; these, and the records that end a run."""
    current = await state_history.current(conn, {each.key for each in changes})
    transitions = find_transitions(current, changes)
    await state_history.add(conn, transitions)
    return transitions + [each for each in changes if each.event is not None and each.event.last]
