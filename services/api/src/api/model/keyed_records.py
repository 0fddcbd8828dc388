"""Records of a topic with keys: which of a batch are newer than what is stored. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.model.projections import ReadModel
from tablewatch_schemas import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRecord:
    """A record and the key of its row; `event` None is a tombstone, whose version may be unknown."""

    key: str
    version: int | None
    event: Any


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row of a read model; `gone`: a tombstone ended it, and its version keeps late records out."""

    version: int
    site_id: str
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A record that is newer than its row. `document` is the value as JSON; None (and no `event`): a tombstone.

    `visible` False: the row was gone already, so that readers see no difference.
    """

    key: str
    site_id: str
    version: int
    event: Any = None
    document: bytes | None = None
    visible: bool = True


def select_changes(
    model: ReadModel, records: Iterable[KeyedRecord], rows: Mapping[str, StoredRow], runs: Collection[str]
) -> list[Change]:
    """The records that change the read model, in order. Records of runs that are not in `runs` are left out."""
    current, changes = dict(rows), []
    for record in records:
        row = current.get(record.key)
        change = _tombstone(record, row) if record.event is None else _newer(model, record, row, runs)
        if change is not None:
            current[record.key] = StoredRow(change.version, change.site_id, gone=change.event is None)
            changes.append(change)
    return changes


def last_of_each_key(changes: Iterable[Change]) -> list[Change]:
    """The changes that decide what is stored, by key: the order in which rows are locked."""
    last = {change.key: change for change in changes}
    return [last[key] for key in sorted(last)]


def _tombstone(record: KeyedRecord, row: StoredRow | None) -> Change | None:
    """A tombstone without a version ends whatever is stored."""
    if row is None or (record.version is not None and record.version <= row.version):
        return None
    version = row.version if record.version is None else record.version
    return Change(key=record.key, site_id=row.site_id, version=version, visible=not row.gone)


def _newer(model: ReadModel, record: KeyedRecord, row: StoredRow | None, runs: Collection[str]) -> Change | None:
    event = record.event
    run_id = getattr(event, "run_id", None)
    if (run_id is not None and run_id not in runs) or not model.stored(event):
        return None
    if row is not None and event.version <= row.version:
        return None
    document = to_json(event)
    return Change(key=record.key, site_id=event.site_id, version=event.version, event=event, document=document)
