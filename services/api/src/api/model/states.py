"""States of tables as readers get them. Pure."""

from datetime import datetime

from api.model.types import Json
from tablewatch_schemas.doubts import CAMERAS, STALE
from tablewatch_schemas.times import read_time


def as_of_now(state: Json, now: datetime) -> Json:
    """The state document with `expired`: a live state past its `expires_at` reads unknown.

    The state of a run has its own time and never expires.
    """
    expired = state["run_id"] is None and read_time(state["expires_at"]) <= now
    if not expired:
        return state | {"expired": False}
    change = {"previous_state": state["state"], "since": state["expires_at"]} if state["state"] != "unknown" else {}
    known = state.get("unknown_reason")
    why = known if known in CAMERAS else STALE  # no picture is looked at because the cameras are not well
    stale = {"state": "unknown", "confidence": 0.0, "reason": STALE, "unknown_reason": why}
    return state | change | stale | {"expired": True}
