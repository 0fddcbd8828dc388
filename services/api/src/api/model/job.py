"""The job document: what a run is doing, computed from its facts. Pure."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from api.model.pace import Pace, frames_per_s
from api.model.run_facts import RunFacts, extract_share, hazards_share, tables_share, video_document
from api.model.types import Json
from tablewatch_schemas.manifest import RunSpec, Time
from tablewatch_schemas.times import write_time

FINAL = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(RunSpec):
    """What was asked for when the video was announced; never changes. `videos.run` is its JSON document."""

    filename: str | None
    tables_expected: tuple[str, ...]
    created_at: Time

    @property
    def layout_version(self) -> int | None:
        """The version that the key of the layout ends with."""
        return None if self.layout_key is None else int(self.layout_key.rpartition("/")[2].removesuffix(".json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """A row of `videos`: what was asked for, and what the topics have reported since."""

    run: Run
    facts: RunFacts
    deleting: bool = False

    @property
    def final(self) -> bool:
        """Whether the run has ended, well or badly."""
        return status(self.run, self.facts) in FINAL

    def document(self) -> Json:
        """The job document."""
        return document(self.run, self.facts)

    def with_facts(self, facts: RunFacts) -> "Video":
        """The same video with newer facts."""
        return replace(self, facts=facts)


def status(run: Run, facts: RunFacts) -> str:
    """awaiting_file, queued, processing, done, failed or cancelled; migration 0015 says the same in SQL."""
    if facts.cancelled or facts.extract == "cancelled":
        return "cancelled"  # cancelling is refused once a run has ended, so what comes later does not count
    if facts.refusal is not None or facts.extract == "failed":
        return "failed"
    if _finished(run, facts):
        return "done"
    if facts.video is None and facts.extract is None:
        return "awaiting_file"
    return "processing" if facts.video is not None and facts.extract not in (None, "queued") else "queued"


def document(run: Run, facts: RunFacts) -> Json:
    """The job document as create, poll and event stream give it."""
    run_status = status(run, facts)
    stages = [_stage(name, run, facts, run_status) for name in _stage_names(run)]
    asked = run.to_dict()
    del asked["layout_key"], asked["tables_expected"]
    return asked | {
        "status": run_status,
        "stage": stage(run, facts),
        "stages": stages,
        "progress": _overall(stages),
        "stuck": False,
        "eta_s": None if run_status in FINAL else eta_s(run, facts),
        "frames": {"published": facts.published, "expected": facts.expected},
        "layout_version": run.layout_version,
        "error": facts.refusal or facts.failure,
        "waiting": _waiting(run_status, facts),
        "gaps": list(facts.gaps),
        "next": next_steps(run, facts),
        "video": video_document(facts),
        "updated_at": write_time(max(run.created_at, facts.updated_at or run.created_at)),
    }


def stage(run: Run, facts: RunFacts) -> str:
    """The first stage that is not done; done at the end."""
    return _first_open(run, facts) or "done"


def stuck(run: Run, facts: RunFacts, now: datetime, after_s: float) -> bool:
    """Whether an uploaded job has reported nothing for `after_s`. Before the upload it waits for its uploader."""
    if status(run, facts) in FINAL or stage(run, facts) == "upload":
        return False
    return (now - (facts.updated_at or run.created_at)).total_seconds() > after_s


def retryable(run: Run, facts: RunFacts) -> bool:
    """Whether a retry of the failed run can help.

    Not after its last frame, if tables or hazards were asked for: the folds have ended the run and take no more of it.
    """
    folds_ended = facts.frames_ended and len(run.make) > 1
    retryable_error = facts.refusal is None and bool((facts.failure or {}).get("retryable"))
    return status(run, facts) == "failed" and retryable_error and not folds_ended


def next_steps(run: Run, facts: RunFacts) -> list[Json]:
    """What can be done with the video now, each as a request of this API."""
    video = f"/v1/videos/{run.video_id}"
    steps: list[Json] = []
    if status(run, facts) not in FINAL:
        steps.append({"action": "cancel", "method": "POST", "href": f"{video}/cancel"})
    if retryable(run, facts):
        steps.append({"action": "retry", "method": "POST", "href": f"{video}/retry"})
    if facts.published:
        steps.append({"action": "frames", "method": "GET", "href": f"{video}/frames"})
    if "tables" in run.make and facts.cropped:
        steps.append({"action": "states", "method": "GET", "href": f"/v1/states/history?run_id={run.run_id}"})
    return [*steps, {"action": "delete", "method": "DELETE", "href": video}]


def is_visible_change(before: Json, after: Json) -> bool:
    """Whether two job documents differ in more than fractions of a per cent, so that readers are sent the newer one."""
    return _visible(before) != _visible(after)


def eta_s(run: Run, facts: RunFacts) -> int | None:
    """Seconds that the slowest open stage still takes, at its pace of now; None while one of them has no pace.

    The stages work side by side, so the whole takes as long as the slowest of them.
    """
    left = [_left_s(name, facts) for name in _stage_names(run) if not _measure(name, run, facts)[0]]
    known = [seconds for seconds in left if seconds is not None]
    return math.ceil(max(known)) if known and len(known) == len(left) else None


def _left_s(name: str, facts: RunFacts) -> float | None:
    match name:
        case "extract":
            return _extraction_left_s(facts)
        case "tables":
            return _frames_left_s(facts.tables_pace, facts.classified, facts)
        case "hazards":
            return _frames_left_s(facts.hazards_pace, facts.watched, facts)
    return None


def _extraction_left_s(facts: RunFacts) -> float | None:
    """At the rate of this attempt."""
    if facts.began_ms is None or facts.heard_ms is None:
        return None
    passed_s, gained = (facts.heard_ms - facts.began_ms) / 1000, facts.percent - facts.began_percent
    return (100.0 - facts.percent) * passed_s / gained if passed_s > 0 and gained > 0 else None


def _frames_left_s(pace: Pace | None, done: int, facts: RunFacts) -> float | None:
    if facts.expected and done >= facts.expected:
        return 0.0  # the end is on its way
    rate = frames_per_s(pace)
    expected = facts.expected or (facts.published / facts.percent * 100 if facts.percent else 0)
    return max(expected - done, 0) / rate if rate and expected else None


def tables_left(run: Run, facts: RunFacts) -> Collection[str]:
    """Tables whose last state has not arrived."""
    return set(run.tables_expected) - set(facts.tables_ended)


def _stage_names(run: Run) -> list[str]:
    return ["upload", "extract", *(name for name in ("tables", "hazards") if name in run.make)]


def _finished(run: Run, facts: RunFacts) -> bool:
    """Whether everything has arrived. Topics overtake each other, so the file and the last frame must be known too."""
    if facts.video is None or not facts.frames_ended:
        return False
    tables = "tables" not in run.make or not tables_left(run, facts)
    hazards = "hazards" not in run.make or facts.hazards_ended
    return facts.extract == "done" and tables and hazards


def _visible(document: Json) -> Json:
    stages = [(each["name"], each["status"]) for each in document["stages"]]
    progress = int(document["progress"])
    return document | {"updated_at": None, "eta_s": None, "next": None, "stages": stages, "progress": progress}


def _waiting(run_status: str, facts: RunFacts) -> Json | None:
    """What the job waits for: before its file is stored for the room that the last attempt to send it did not find."""
    if run_status == "awaiting_file":
        return facts.no_room
    return None if run_status in FINAL else facts.waiting


def _stage(name: str, run: Run, facts: RunFacts, run_status: str) -> Json:
    done, begun, percent = _measure(name, run, facts)
    if done:
        return {"name": name, "status": "done", "progress": 100.0}
    if run_status in ("failed", "cancelled"):
        state = run_status if begun or name == _first_open(run, facts) else "cancelled"
        return {"name": name, "status": state, "progress": percent}
    return {"name": name, "status": "processing" if begun else "queued", "progress": percent}


def _first_open(run: Run, facts: RunFacts) -> str:
    return next((name for name in _stage_names(run) if not _measure(name, run, facts)[0]), "")


def _measure(name: str, run: Run, facts: RunFacts) -> tuple[bool, bool, float]:
    """(done, begun, percent below 100) of a stage."""
    if name == "upload":
        return facts.video is not None or facts.extract is not None, False, 0.0
    if name == "extract":
        begun = facts.extract not in (None, "queued")
        return facts.extract == "done", begun, _percent(extract_share(facts))
    if name == "tables":
        return not tables_left(run, facts), facts.cropped > 0 or facts.classified > 0, _percent(tables_share(facts))
    return facts.hazards_ended, facts.watched > 0, _percent(hazards_share(facts))


def _percent(share: float) -> float:
    """A share in per cent; a stage that has not ended shows 99 at most."""
    return round(min(max(share, 0.0), 0.99) * 100, 1)


def _overall(stages: list[Json]) -> float:
    """That of the slowest stage after the upload: a frame is done when it has gone through all of them."""
    return min(float(stage["progress"]) for stage in stages[1:])
