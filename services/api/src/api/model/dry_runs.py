"""Dry runs: which pictures are looked at, when one is over, and its document. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from api.model.errors import CameraPaused, NoPictures, TablesRequired
from api.model.states import as_of_now
from api.model.stored_frames import captured_at
from api.model.types import Json
from tablewatch_schemas.doubts import DOUBTFUL, UNKNOWN_REASONS
from tablewatch_schemas.dry_run import MOST_LOOKS, DryRunReport
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.times import write_time

AT_ONCE = 4
"""Of one site."""
SHORTEST_S, USUAL_S, LONGEST_S = 10, 60, 300
KEPT = timedelta(days=1)
"""After its end; pictures of live cameras are usually kept as long."""
ANSWER_IN = timedelta(minutes=2)
"""A look that has not come by then is not waited for."""
ASKED_FOR = KEPT - 2 * ANSWER_IN
"""After its end; a look that is asked for later would come when its objects are deleted."""
STORED_IN = timedelta(seconds=45)
"""A picture that was taken before is stored, if it will be: a stream of segments is that late. Pictures of a camera are
stored in the order in which they were taken."""
TOO_LITTLE = "Too few pictures were looked at so far, or they do not agree."


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """As it is stored, see `migrations/0033_dry_runs.sql`."""

    dry_run_id: str
    camera_id: str
    site_id: str
    key_id: str
    layout_key: str
    layout_version: int | None
    tables: Sequence[Mapping[str, str]]
    began_at: datetime
    until: datetime
    listed_until: datetime
    pictures: int = 0
    asked: int = 0
    newest_asked: datetime | None = None
    expires_at: datetime | None = None


def tables_of(layout: Layout) -> list[dict[str, str]]:
    """What a dry run keeps of them. Raises TablesRequired."""
    if not layout.tables:
        raise TablesRequired("A dry run needs tables; draw one at least.")
    return [{"table_id": each.table_id, "label": each.label} for each in layout.tables]


def check_camera(camera: Json, seconds: int) -> None:
    """Raises CameraPaused, NoPictures."""
    if not camera["enabled"] or camera["capture"]["state"] != "captured":
        raise CameraPaused("Switch it on, with a source that is read; then ask again.")
    if camera["cadence_ms"] > seconds * 1000:
        detail = f"It takes one every {camera['cadence_ms'] / 1000:g} s: ask for more seconds, {LONGEST_S} at most."
        raise NoPictures(detail)


def pictures_since(camera: Json, now: datetime) -> datetime:
    """A camera of which none is stored since then has none to look at."""
    return now - max(timedelta(minutes=1), timedelta(milliseconds=2 * camera["cadence_ms"] + 10_000))


def due_until(run: DryRun, now: datetime) -> datetime | None:
    """Up to when pictures are to be listed now; None where none is asked for any more."""
    is_listed = run.listed_until >= run.until
    return None if is_listed or now >= run.until + ASKED_FOR else min(now, run.until + STORED_IN)


def listed(run: DryRun, frames: Sequence[str], now: datetime) -> tuple[DryRun, list[str]]:
    """After the pictures since `listed_until` (keys, oldest first) were listed, and those of them to be looked at.

    All, or of a camera that takes more than MOST_LOOKS in that time as many, evenly. It is listed to its end with the
    first picture after that, or when there would be one.
    """
    own, chosen = [frame for frame in frames if captured_at(frame) <= run.until], list[str]()
    ends = len(own) < len(frames) or now >= run.until + STORED_IN
    newest = captured_at(own[-1]) if own else run.listed_until
    for frame in own:
        passed = (captured_at(frame) - run.began_at) / (run.until - run.began_at)
        if run.asked + len(chosen) < min(MOST_LOOKS, int(passed * MOST_LOOKS) + 1):
            chosen.append(frame)
    run = replace(
        run, listed_until=run.until if ends else newest, pictures=run.pictures + len(own),
        asked=run.asked + len(chosen),
    )  # fmt: skip
    if chosen:
        run = replace(run, newest_asked=captured_at(chosen[-1]), expires_at=now + ANSWER_IN)
    return run, chosen


def is_done(run: DryRun, newest: datetime | None, now: datetime) -> bool:
    """Whether nothing more comes; `newest`: capture time of the newest picture that was looked at."""
    if now >= run.until + ASKED_FOR:
        return True
    if run.listed_until < run.until:
        return False
    if run.newest_asked is None or run.expires_at is None or run.expires_at <= now:
        return True
    return newest is not None and newest >= run.newest_asked


def document(run: DryRun, report: DryRunReport | None, view: Json | None, status: Json | None, now: datetime) -> Json:
    """As the API shows it. `view` is that of the newest picture, `status` the newest of the camera."""
    at, done = min(now, run.until), is_done(run, None if report is None else report.newest.captured_at, now)
    states = {} if report is None else {name: as_of_now(each, at) for name, each in report.states.items()}
    transitions = () if report is None else report.transitions
    looked = 0 if report is None else report.looked
    return {
        **{name: getattr(run, name) for name in ("dry_run_id", "site_id", "camera_id", "layout_version", "pictures")},
        "status": "done" if done else "running",
        "began_at": write_time(run.began_at),
        "until": write_time(run.until),
        "asked": run.asked,
        "looked": looked,
        "sentence": _sentence(run, looked, status, done=done),
        "tables": [_table(each, states, transitions) for each in run.tables],
        "view": None if view is None else _with_states(view, states),
    }


def _table(table: Mapping[str, str], states: Mapping[str, Json], transitions: Sequence[Json]) -> Json:
    state = states.get(table["table_id"])
    own = [_transition(each) for each in transitions if each["table_id"] == table["table_id"]]
    return {**table, "state": state, "why": _why(state), "transitions": own}


def _why(state: Json | None) -> str | None:
    """A sentence about a state that is not known."""
    if state is None:
        return TOO_LITTLE
    return None if state["state"] != "unknown" else _reason_text(state.get("unknown_reason"))


def _reason_text(code: str | None) -> str:
    return UNKNOWN_REASONS.get(code or DOUBTFUL, UNKNOWN_REASONS[DOUBTFUL])


def _transition(state: Json) -> dict[str, Any]:
    names = ("state", "previous_state", "confidence", "as_of", "since", "reason", "unknown_reason")
    return {name: state.get(name) for name in names} | {"people": state["evidence"]["people"]}


def _with_states(view: Json, states: Mapping[str, Json]) -> Json:
    return view | {"tables": [each | {"state": states.get(each["table_id"])} for each in view["tables"]]}


def _sentence(run: DryRun, looked: int, status: Json | None, *, done: bool) -> str:
    """How much it rests on, and what else is to be known."""
    seconds = round((run.until - run.began_at).total_seconds())
    pictures = "1 picture" if run.pictures == 1 else f"{run.pictures} pictures"
    said = f"{pictures} of {seconds} s{'' if done else ' so far'}, {looked} of them looked at."
    if done and looked < run.asked:
        said += f" At {run.asked - looked} more there was no time to look."
    if status is None or status["status"] in ("live", "verified"):
        return said
    return f"{said} The camera is {status['status']}: {status['reason']}"
