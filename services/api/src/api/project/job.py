"""The job document: what a run is doing, computed from its facts. Pure."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from api.project.fold import Facts, Json
from tablewatch_schemas.times import write_time

FINAL = frozenset({"done", "failed", "cancelled"})
# Shares of the whole by what usually takes long; the ones that a run does not make are left out.
WEIGHTS = {"upload": 5, "extract": 55, "tables": 30, "hazards": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was asked for; never changes."""

    video_id: str
    run_id: str
    site_id: str
    camera_id: str | None
    filename: str | None
    sampling: Json
    make: tuple[str, ...]
    started_at: datetime | None
    tables_expected: tuple[str, ...]
    created_at: datetime
    picture: Json = field(default_factory=lambda: {"format": "jpeg", "quality": None, "long_side": None})
    layout_version: int | None = None


def status(run: Run, facts: Facts) -> str:
    """queued, processing, done, failed or cancelled."""
    if facts.cancelled or facts.extract == "cancelled":
        return "cancelled"  # cancelling is refused once a run has ended, so what comes later does not count
    if facts.refusal is not None or facts.extract == "failed":
        return "failed"
    if _finished(run, facts):
        return "done"
    return "processing" if facts.video is not None and facts.extract not in (None, "queued") else "queued"


def document(run: Run, facts: Facts) -> Json:
    """The job document as create, poll and event stream give it."""
    said = status(run, facts)
    stages = [_stage(name, run, facts, said) for name in _names(run)]
    return {
        "video_id": run.video_id,
        "run_id": run.run_id,
        "site_id": run.site_id,
        "camera_id": run.camera_id,
        "filename": run.filename,
        "status": said,
        "stage": stage(run, facts),
        "stages": stages,
        "progress": _overall(stages),
        "stuck": False,
        "eta_s": None if said in FINAL else eta_s(facts),
        "frames": {"published": facts.published, "expected": facts.expected},
        "sampling": run.sampling,
        "picture": run.picture,
        "layout_version": run.layout_version,
        "make": list(run.make),
        "started_at": None if run.started_at is None else write_time(run.started_at),
        "error": facts.refusal or facts.failure,
        "gaps": list(facts.gaps),
        "next": next_steps(run, facts),
        "video": facts.video,
        "created_at": write_time(run.created_at),
        "updated_at": write_time(max(run.created_at, facts.updated_at or run.created_at)),
    }


def stage(run: Run, facts: Facts) -> str:
    """The first stage that is not done; done at the end."""
    return _first_open(run, facts) or "done"


def stuck(run: Run, facts: Facts, now: datetime, after_s: float) -> bool:
    """Whether nothing has been heard of an uploaded job for so long; before that it waits for its uploader."""
    if status(run, facts) in FINAL or stage(run, facts) == "upload":
        return False
    return (now - (facts.updated_at or run.created_at)).total_seconds() > after_s


def retryable(run: Run, facts: Facts) -> bool:
    """Whether trying the failed run again can help.

    Not where the folds concluded it: they have finished the run with its last frame and take nothing more under its id.
    """
    concluded = facts.frames_ended and len(run.make) > 1
    failed_for_now = facts.refusal is None and bool((facts.failure or {}).get("retryable"))
    return status(run, facts) == "failed" and failed_for_now and not concluded


def next_steps(run: Run, facts: Facts) -> list[Json]:
    """What can be done with the video now, each as a request of this API."""
    said, here = status(run, facts), f"/v1/videos/{run.video_id}"
    found: list[Json] = []
    if said not in FINAL:
        found.append({"action": "cancel", "method": "POST", "href": f"{here}/cancel"})
    if retryable(run, facts):
        found.append({"action": "retry", "method": "POST", "href": f"{here}/retry"})
    if facts.published:
        found.append({"action": "frames", "method": "GET", "href": f"{here}/frames"})
    if "tables" in run.make and facts.cropped:
        found.append({"action": "states", "method": "GET", "href": f"/v1/states/history?run_id={run.run_id}"})
    return [*found, {"action": "delete", "method": "DELETE", "href": here}]


def eta_s(facts: Facts) -> int | None:
    """Seconds that extraction still takes if it goes on as it went in this attempt; None while nobody can know."""
    if facts.began_ms is None or facts.heard_ms is None:
        return None
    passed_s, gained = (facts.heard_ms - facts.began_ms) / 1000, facts.percent - facts.began_percent
    if passed_s <= 0 or gained <= 0:
        return None
    return math.ceil((100.0 - facts.percent) * passed_s / gained)


def tables_left(run: Run, facts: Facts) -> Collection[str]:
    """Tables whose last state has not come yet."""
    return set(run.tables_expected) - set(facts.tables_ended)


def _names(run: Run) -> list[str]:
    return ["upload", "extract", *(name for name in ("tables", "hazards") if name in run.make)]


def _finished(run: Run, facts: Facts) -> bool:
    """Whether all has come. Topics overtake each other: done means that the file and every frame are known here too."""
    if facts.video is None or not facts.frames_ended:
        return False
    tables = "tables" not in run.make or not tables_left(run, facts)
    hazards = "hazards" not in run.make or facts.hazards_ended
    return facts.extract == "done" and tables and hazards


def _stage(name: str, run: Run, facts: Facts, said: str) -> Json:
    done, begun, percent = _measure(name, run, facts)
    if done:
        return {"name": name, "status": "done", "progress": 100.0}
    if said in ("failed", "cancelled"):
        state = said if begun or name == _first_open(run, facts) else "cancelled"
        return {"name": name, "status": state, "progress": percent}
    return {"name": name, "status": "processing" if begun else "queued", "progress": percent}


def _first_open(run: Run, facts: Facts) -> str:
    return next((name for name in _names(run) if not _measure(name, run, facts)[0]), "")


def _measure(name: str, run: Run, facts: Facts) -> tuple[bool, bool, float]:
    """(done, begun, percent below 100) of a stage."""
    if name == "upload":
        return facts.video is not None or facts.extract is not None, False, 0.0
    if name == "extract":
        begun = facts.extract not in (None, "queued")
        return facts.extract == "done", begun, _percent(facts.percent / 100)
    if name == "tables":
        return not tables_left(run, facts), facts.cropped > 0, _share(facts.cropped, facts)
    return facts.hazards_ended, facts.watched > 0, _share(facts.watched, facts)


def _share(seen: int, facts: Facts) -> float:
    """Frames seen by a stage of all that are expected; without a count, of what is published so far by percent."""
    if facts.expected:
        return _percent(seen / facts.expected)
    return _percent(seen / facts.published * facts.percent / 100) if facts.published else 0.0


def _percent(share: float) -> float:
    """A stage that has not ended never says 100."""
    return round(min(max(share, 0.0), 0.99) * 100, 1)


def _overall(stages: list[Json]) -> float:
    whole = sum(WEIGHTS[stage["name"]] for stage in stages)
    done: float = sum(WEIGHTS[stage["name"]] * stage["progress"] for stage in stages)
    return round(done / whole, 1)
