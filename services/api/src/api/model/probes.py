"""A probe, and a discovery, as the API shows them: waiting, or with the answer. Pure."""

from datetime import datetime, timedelta
from typing import Any

from api.model.types import Json
from tablewatch_schemas.times import write_time

ANSWER_IN = timedelta(seconds=30)
"""An extractor that has no answer by then does not work on it any more."""
GRACE = timedelta(seconds=5)
"""For an answer to come here."""
KEPT = timedelta(hours=1)
"""Afterwards a probe is not known any more; the extractor deletes its picture at the same age."""
UNANSWERED = {
    "code": "probe_unanswered",
    "reason": "No extractor answered in time: is one running whose roles (EXTRACTOR_ROLES) include cameras?",
}


OF_PROBE = ("found", "snapshot_key")
OF_DISCOVERY = ("devices", "interfaces", "others", "left_out")
"""Fields of a camera.probe, by what was asked for."""


def probe_document(row: Any, answer: Json | None, now: datetime) -> Json:
    """`row`: of the request; `answer`: the camera.probe, None while there is none."""
    source = {"type": row["source_type"], "address": row["address"]}
    return {"probe_id": row["probe_id"], "source": source} | _document(row, answer, OF_PROBE, now)


def discovery_document(row: Any, answer: Json | None, now: datetime) -> Json:
    """As `probe_document`."""
    return {"discovery_id": row["probe_id"]} | _document(row, answer, OF_DISCOVERY, now)


def _document(row: Any, answer: Json | None, fields: tuple[str, ...], now: datetime) -> Json:
    of_request = {
        "site_id": row["site_id"],
        "requested_at": write_time(row["requested_at"]),
        "expires_at": write_time(row["expires_at"]),
    }
    if answer is not None:
        return of_request | {name: answer.get(name) for name in ("status", "answered_at", "error", *fields)}
    late = now > row["expires_at"] + GRACE
    nothing = dict.fromkeys(("answered_at", *fields))
    return of_request | nothing | {"status": "failed" if late else "waiting", "error": UNANSWERED if late else None}
