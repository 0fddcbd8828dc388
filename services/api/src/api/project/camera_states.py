"""Good pictures of cameras, as camera.status reports them: the state of the camera is another after the first."""

from collections.abc import Sequence

from api.model.camera_states import SEES, Transition, picture_happening, transition
from api.model.events import camera_state_event
from api.model.keyed_records import KeyedRecord
from api.model.site_events import NewSiteEvent
from api.store import Connection, camera_states
from tablewatch_schemas import CameraStatus


async def apply_pictures(conn: Connection, records: Sequence[KeyedRecord]) -> list[NewSiteEvent]:
    """Apply records of camera.status; the transitions. One that comes again says nothing new."""
    seen = {each.key: each.event for each in records if each.event is not None and each.event.status in SEES}
    if not seen:
        return []
    stored = await camera_states.lock(conn, seen.keys())
    facts = await camera_states.facts(conn, seen.keys())
    moved: list[Transition] = []
    for camera_id in sorted(stored.keys() & facts.keys()):
        known, event, of = stored[camera_id], seen[camera_id], facts[camera_id]
        if of.site_id != event.site_id or not _is_of(event, known.source_version):
            continue
        happening = picture_happening(has_tables=of.has_tables)
        found = transition({"camera_id": camera_id, "site_id": of.site_id}, known, happening, event.observed_at, None)
        moved += [] if found is None else [found]
    await camera_states.move(conn, moved)
    return [camera_state_event(each, facts[each.camera_id].name) for each in moved]


def _is_of(event: CameraStatus, source_version: int | None) -> bool:
    """Whether it is of the source that the camera has now."""
    return source_version is None or event.source_version == source_version
