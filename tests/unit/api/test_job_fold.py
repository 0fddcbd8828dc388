"""The job document, folded out of what the stages say, in any order and however often."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.api.events_of_a_run import NOW, SAYS, run

from api.project.apply import worth_telling
from api.project.batch import concerns_job
from api.project.fold import Facts
from api.project.history import follow
from api.project.job import FINAL, document, status, stuck
from tablewatch_schemas import VideoRejected
from tablewatch_schemas.ids import end_hazard_id

WHOLE = [event for event in SAYS.whole(6) if concerns_job(event)]
REFUSED = VideoRejected(
    video_id="vid_1", site_id="site_1", run_id="run_1", code="not_a_video", reason="It is a text.", retryable=False,
    size_bytes=9, rejected_at=NOW,
)  # fmt: skip


def fold_all(facts: Facts, events: list[tuple[Any, Any]]) -> Facts:
    return follow(run(), facts, events)[0]


def fold(*events: Any) -> Facts:
    return fold_all(Facts(), [(event, NOW + timedelta(seconds=n)) for n, event in enumerate(events)])


def job(*events: Any, **more: Any) -> dict[str, Any]:
    return document(run(**more), fold(*events))


def test_nothing_said_is_queued_at_the_upload() -> None:
    said = job()
    assert (said["status"], said["stage"], said["progress"]) == ("queued", "upload", 0.0)
    assert [stage["name"] for stage in said["stages"]] == ["upload", "extract", "tables", "hazards"]
    assert {stage["status"] for stage in said["stages"]} == {"queued"}
    assert said["updated_at"] == said["created_at"] == "2026-11-23T09:00:00.000Z"


@pytest.mark.parametrize(
    ("events", "after_s", "expected"),
    [
        ((), 9999, False),  # it waits for its uploader
        ((SAYS.uploaded(),), 299, False),
        ((SAYS.uploaded(),), 301, True),
        ((SAYS.uploaded(), SAYS.progress(1, 1)), 302, True),
        (tuple(WHOLE), 9999, False),
        ((SAYS.uploaded(), SAYS.failed(1)), 9999, False),
    ],
)
def test_stuck_is_uploaded_open_and_quiet_for_longer_than_the_limit(events: Any, after_s: int, expected: bool) -> None:
    assert stuck(run(), fold(*events), NOW + timedelta(seconds=after_s), 300) is expected
    assert document(run(), fold(*events))["stuck"] is False  # as it is told: it has just moved


def test_a_run_that_goes_well() -> None:
    said = job(*WHOLE)
    assert (said["status"], said["stage"], said["progress"]) == ("done", "done", 100.0)
    assert {stage["status"] for stage in said["stages"]} == {"done"}
    assert said["frames"] == {"published": 6, "expected": 6}
    assert said["video"]["codec"] == "h264"
    assert said["error"] is None


def test_uploaded_is_still_queued_until_somebody_begins() -> None:
    assert job(SAYS.uploaded())["status"] == "queued"
    assert job(SAYS.uploaded())["stage"] == "extract"
    assert job(SAYS.uploaded(), SAYS.progress(0, 0, status="queued"))["status"] == "queued"
    assert job(SAYS.uploaded(), SAYS.progress(1, 1))["status"] == "processing"


@given(st.permutations(WHOLE), st.lists(st.sampled_from(WHOLE), max_size=10))
@settings(max_examples=150, deadline=None)
def test_any_order_and_any_repetition_ends_the_same(order: list[Any], again: list[Any]) -> None:
    straight, mixed = job(*WHOLE), job(*order, *again)
    assert mixed | {"updated_at": None} == straight | {"updated_at": None}


@given(st.permutations(WHOLE), st.integers(0, len(WHOLE)))
@settings(max_examples=100, deadline=None)
def test_facts_survive_being_kept(order: list[Any], cut: int) -> None:
    """A projector that is killed anywhere goes on with what stands in Postgres."""
    kept = Facts.from_json(orjson.loads(orjson.dumps(fold(*order[:cut]).to_json())))
    assert kept == fold(*order[:cut])


@given(st.integers(0, len(WHOLE)))
@settings(max_examples=60, deadline=None)
def test_progress_never_falls_and_only_done_is_whole(cut: int) -> None:
    values = [job(*WHOLE[:n])["progress"] for n in range(cut + 1)]
    assert values == sorted(values)
    assert all((value == 100.0) == (n == len(WHOLE)) for n, value in enumerate(values))


def test_done_waits_for_every_table_and_for_the_hazards() -> None:
    without_one = [event for event in WHOLE if getattr(event, "table_id", None) != "tbl_2"]
    said = job(*without_one)
    assert (said["status"], said["stage"]) == ("processing", "tables")
    without_end = [event for event in WHOLE if getattr(event, "hazard_id", "") != end_hazard_id("run_1")]
    assert (job(*without_end)["status"], job(*without_end)["stage"]) == ("processing", "hazards")
    assert job(*without_end, make=("frames", "tables"))["status"] == "done"
    frames_only = [SAYS.uploaded(), SAYS.progress(1, 10), SAYS.frame(9, last=True)]
    assert job(*frames_only, make=("frames",), tables_expected=())["status"] == "done"


def test_done_waits_for_what_other_topics_have_not_told_yet() -> None:
    """Who sees done lists the frames next: the last one has to be there."""
    without_last = [event for event in WHOLE if not hasattr(event, "object_key") or hasattr(event, "manifest_key")]
    assert job(*without_last)["status"] == "processing"
    without_upload = [event for event in WHOLE if not hasattr(event, "manifest_key")]
    said = job(*without_upload)
    assert (said["status"], said["stages"][0]["status"]) == ("queued", "done")


def test_a_refusal_is_failed_with_its_code() -> None:
    said = job(REFUSED)
    assert (said["status"], said["stage"]) == ("failed", "upload")
    assert said["error"] == {"code": "not_a_video", "reason": "It is a text.", "retryable": False}
    assert [stage["status"] for stage in said["stages"]] == ["failed", "cancelled", "cancelled", "cancelled"]


def test_a_failed_extraction_and_another_attempt() -> None:
    failed = [SAYS.uploaded(), SAYS.failed(3)]
    said = job(*failed)
    assert (said["status"], said["error"]["code"]) == ("failed", "decode_failed")
    assert [stage["status"] for stage in said["stages"]] == ["done", "failed", "cancelled", "cancelled"]
    again = job(*failed, SAYS.progress(4, 1, attempt=2))
    assert (again["status"], again["error"]) == ("processing", None)


def test_cancelled_stays_cancelled() -> None:
    facts = fold(SAYS.uploaded(), SAYS.progress(1, 1)).cancel(NOW)
    after = fold_all(facts, [(event, NOW) for event in [*WHOLE, REFUSED]])
    assert status(run(), facts) == status(run(), after) == "cancelled"
    stopped = SAYS.progress(2, 1, status="cancelled")
    assert job(SAYS.uploaded(), stopped)["status"] == "cancelled"


def test_an_older_progress_says_nothing() -> None:
    facts = fold(SAYS.uploaded(), SAYS.progress(5, 5))
    assert fold_all(facts, [(SAYS.progress(4, 4), NOW)]) is facts


def test_facts_of_another_version_are_read() -> None:
    assert Facts.from_json({"published": 3, "invented_later": True}) == Facts(published=3)


def test_readers_are_told_what_they_would_see() -> None:
    one = job(SAYS.uploaded(), SAYS.progress(1, 1, 1000))
    assert worth_telling(one, job(SAYS.uploaded(), SAYS.progress(2, 2, 1000)))
    assert not worth_telling(
        one, job(SAYS.uploaded(), SAYS.progress(1, 1, 1000), SAYS.crops(0)) | {"stages": one["stages"]}
    )
    assert not worth_telling(one, one | {"updated_at": "2030-01-01T00:00:00.000Z"})
    assert worth_telling(one, one | {"status": "failed"})


@pytest.mark.parametrize("said", sorted(FINAL))
def test_every_final_status_can_be_reached(said: str) -> None:
    ends = {"done": fold(*WHOLE), "failed": fold(REFUSED), "cancelled": Facts().cancel(NOW)}
    assert status(run(), ends[said]) == said


def test_a_video_of_unknown_length_has_a_progress_too() -> None:
    half = SAYS.progress(1, 5, None, percent=50.0)
    said = job(SAYS.uploaded(), half, *(SAYS.crops(index) for index in range(5)))
    tables = next(stage for stage in said["stages"] if stage["name"] == "tables")
    assert (tables["status"], tables["progress"]) == ("processing", 50.0)
    assert said["frames"] == {"published": 5, "expected": None}
