"""Read models that keep the newest record of a key: write what is newer, say what was written."""

# ruff: noqa: S608 (only constants are put together; every value is a parameter)

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import orjson

from api.project.batch import KEYED, Newest, document
from api.store import Connection, Json, state_history
from api.store.site_events import Told
from tablewatch_schemas import CameraStatus, HazardAlert, TableGroup, TableState

_KEY = {
    "states": "state_key",
    "hazards": "hazard_id",
    "camera_statuses": "camera_id",
    "table_groups": "group_key",
}
_UPSERT = {
    "states": "INSERT INTO states (state_key, site_id, version, gone, document, table_id, run_id, camera_ids, as_of,"
    " expires_at) VALUES ($1, $2, $3, false, $4, $5, $6, $7, $8, $9) ON CONFLICT (state_key) DO UPDATE SET"
    " version = excluded.version, gone = false, document = excluded.document, camera_ids = excluded.camera_ids,"
    " as_of = excluded.as_of, expires_at = excluded.expires_at",
    "hazards": "INSERT INTO hazards (hazard_id, site_id, version, gone, document, run_id, camera_id, status, opened_at)"
    " VALUES ($1, $2, $3, false, $4, $5, $6, $7, $8) ON CONFLICT (hazard_id) DO UPDATE SET"
    " version = excluded.version, gone = false, document = excluded.document, status = excluded.status,"
    " opened_at = excluded.opened_at",
    "camera_statuses": "INSERT INTO camera_statuses (camera_id, site_id, version, gone, document)"
    " VALUES ($1, $2, $3, false, $4) ON CONFLICT (camera_id) DO UPDATE SET"
    " version = excluded.version, gone = false, document = excluded.document",
    "table_groups": "INSERT INTO table_groups (group_key, site_id, version, gone, document, run_id)"
    " VALUES ($1, $2, $3, false, $4, $5) ON CONFLICT (group_key) DO UPDATE SET"
    " version = excluded.version, gone = false, document = excluded.document",
}


async def write(conn: Connection, topic: str, records: Sequence[Newest], runs: Collection[str]) -> list[Told]:
    """Apply the records of one topic in order; returns what readers have to be told.

    Left out are records that are not newer than what is there, and those of runs that are not in `runs`.
    """

    model = KEYED[topic]
    versions, sites = await _known(conn, model, {each.key for each in records})
    told: list[Told] = []
    rows: dict[str, tuple[Any, ...]] = {}
    newer: list[tuple[str, Any]] = []
    for each in records:
        if each.event is None:
            if not _newer(each, versions):
                continue
            waiting = rows.pop(each.key, None) is not None  # written by an earlier record of this very batch
            versions[each.key] = versions[each.key] if each.version is None else each.version
            if await _bury(conn, model, each) or waiting:
                told.append(_deleted(topic, each.key, sites[each.key]))
            continue
        if _foreign(each.event, runs) or not _newer(each, versions):
            continue
        versions[each.key], sites[each.key] = each.event.version, each.event.site_id
        newer.append((each.key, each.event))
        said = document(each.event)
        rows[each.key] = (
            each.key,
            each.event.site_id,
            each.event.version,
            orjson.dumps(said).decode(),
            *_more(each.event),
        )
        told.append(_told(topic, each, said))
    if model == "states":
        told = _confirming(told, await state_history.append(conn, newer))
    await conn.executemany(_UPSERT[model], [rows[key] for key in sorted(rows)])
    return told


async def _known(conn: Connection, model: str, keys: Collection[str]) -> tuple[dict[str, int], dict[str, str]]:
    key = _KEY[model]
    found = await conn.fetch(
        f"SELECT {key} AS key, version, site_id FROM {model} WHERE {key} = ANY($1) ORDER BY {key} FOR UPDATE",
        list(keys),
    )
    return {row["key"]: row["version"] for row in found}, {row["key"]: row["site_id"] for row in found}


def _newer(each: Newest, versions: dict[str, int]) -> bool:
    """Whether a record says more than is known; a tombstone without a version ends what is there."""
    if each.event is None:
        return each.key in versions and (each.version is None or each.version > versions[each.key])
    return bool(each.event.version > versions.get(each.key, -1))


async def _bury(conn: Connection, model: str, each: Newest) -> bool:
    """Keep the row as a stone with its version, so that a late lower one does not bring it back."""
    row = await conn.fetchrow(
        f"UPDATE {model} SET gone = true, version = coalesce($2, version) WHERE {_KEY[model]} = $1 AND NOT gone"
        " RETURNING true",
        each.key, each.version,
    )  # fmt: skip
    return row is not None


def _foreign(event: Any, runs: Collection[str]) -> bool:
    """Whether it belongs to a run that is not ours (any more), or is the bare mark of a run's end."""
    run_id = getattr(event, "run_id", None)
    return (run_id is not None and run_id not in runs) or (isinstance(event, HazardAlert) and event.status == "ended")


def _more(event: Any) -> tuple[Any, ...]:
    """The columns that only this read model has."""
    match event:
        case TableState():
            return (event.table_id, event.run_id, list(event.camera_ids), event.as_of, event.expires_at)
        case HazardAlert():
            return (event.run_id, event.camera_id, event.status, event.opened_at)
        case TableGroup():
            return (event.run_id,)
    return ()


def _confirming(told: Sequence[Told], turned: Collection[state_history.Turned]) -> list[Told]:
    """States, with those marked that neither turned nor end a run: they only say again what is known. Pure."""
    return [replace(each, confirms=each.type == TableState.TOPIC and not _kept(each, turned)) for each in told]


def _kept(told: Told, turned: Collection[state_history.Turned]) -> bool:
    return (told.key, told.document["version"]) in turned or told.document["last"]


def _deleted(topic: str, key: str, site_id: str) -> Told:
    model = KEYED[topic]
    return Told(site_id=site_id, type=f"{topic}.deleted", document={_KEY[model]: key}, key=_confirmable(topic, key))


def _confirmable(topic: str, key: str) -> str | None:
    """Only states are said again and again."""
    return key if topic == TableState.TOPIC else None


def _told(topic: str, newest: Newest, said: Json) -> Told:
    event = newest.event
    camera_id = event.camera_id if isinstance(event, HazardAlert | CameraStatus) else None
    if isinstance(event, TableState):
        camera_id = ",".join(event.camera_ids) or None
    return Told(
        site_id=event.site_id,
        type=topic,
        document=said,
        run_id=getattr(event, "run_id", None),
        camera_id=camera_id,
        table_id=event.table_id if isinstance(event, TableState) else None,
        key=_confirmable(topic, newest.key),
    )
