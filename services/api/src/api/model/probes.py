"""A probe as the API shows it: waiting, or with its answer. Pure."""

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


def probe_document(row: Any, answer: Json | None, now: datetime) -> Json:
    """`row`: of the request; `answer`: the camera.probe, None while there is none."""
    of_request = {
        "probe_id": row["probe_id"],
        "site_id": row["site_id"],
        "source": {"type": row["source_type"], "address": row["address"]},
        "requested_at": write_time(row["requested_at"]),
        "expires_at": write_time(row["expires_at"]),
    }
    if answer is not None:
        return of_request | {name: answer[name] for name in ("status", "answered_at", "error", "found", "snapshot_key")}
    late = now > row["expires_at"] + GRACE
    nothing = {"answered_at": None, "found": None, "snapshot_key": None}
    return of_request | nothing | {"status": "failed" if late else "waiting", "error": UNANSWERED if late else None}
