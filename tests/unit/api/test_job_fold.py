"""The job document, made of the events of a run, in any order and however often."""

import itertools
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.properties import examples
from tests.unit.api.events_of_a_run import EVENTS, NOW, run

from api.model.job import FINAL, document, is_visible_change, status, stuck
from api.model.job_transitions import apply_events
from api.model.projections import concerns_job
from api.model.run_facts import RunFacts
from tablewatch_schemas import VideoRejected
from tablewatch_schemas.ids import end_hazard_id

WHOLE = [event for event in EVENTS.whole(6) if concerns_job(event)]
REFUSED = VideoRejected(
    video_id="vid_1", site_id="site_1", run_id="run_1", code="not_a_video", reason="It is a text.", retryable=False,
    size_bytes=9, rejected_at=NOW,
)  # fmt: skip


def fold_all(facts: RunFacts, events: list[tuple[Any, Any]]) -> RunFacts:
    return apply_events(run(), facts, events)[0]


def fold(*events: Any) -> RunFacts:
    return fold_all(RunFacts(), [(event, NOW + timedelta(seconds=n)) for n, event in enumerate(events)])


def job(*events: Any, **more: Any) -> dict[str, Any]:
    return document(run(**more), fold(*events))


def test_nothing_said_waits_for_the_file() -> None:
    result = job()
    assert (result["status"], result["stage"], result["progress"]) == ("awaiting_file", "upload", 0.0)
    assert [stage["name"] for stage in result["stages"]] == ["upload", "extract", "tables", "hazards"]
    assert {stage["status"] for stage in result["stages"]} == {"queued"}
    assert result["updated_at"] == result["created_at"] == "2026-11-23T09:00:00.000Z"


@pytest.mark.parametrize(
    ("events", "after_s", "expected"),
    [
        ((), 9999, False),  # it waits for its uploader
        ((EVENTS.uploaded(),), 299, False),
        ((EVENTS.uploaded(),), 301, True),
        ((EVENTS.uploaded(), EVENTS.progress(1, 1)), 302, True),
        (tuple(WHOLE), 9999, False),
        ((EVENTS.uploaded(), EVENTS.failed(1)), 9999, False),
    ],
)
def test_stuck_is_uploaded_open_and_quiet_for_longer_than_the_limit(events: Any, after_s: int, expected: bool) -> None:
    assert stuck(run(), fold(*events), NOW + timedelta(seconds=after_s), 300) is expected
    assert document(run(), fold(*events))["stuck"] is False  # as the event has it: the job has just changed


def test_a_run_that_goes_well() -> None:
    result = job(*WHOLE)
    assert (result["status"], result["stage"], result["progress"]) == ("done", "done", 100.0)
    assert {stage["status"] for stage in result["stages"]} == {"done"}
    assert result["frames"] == {"published": 6, "expected": 6}
    assert result["video"]["codec"] == "h264"
    assert result["error"] is None


def test_the_duration_is_what_was_read_once_that_is_known() -> None:
    """Recordings that were put together: admission reads the headers of the first."""
    assert job(EVENTS.uploaded())["video"]["duration_ms"] == 10_000
    read = EVENTS.progress(1, 0, media_ms_total=50_000)
    for order in ((EVENTS.uploaded(), read), (read, EVENTS.uploaded())):
        assert job(*order)["video"]["duration_ms"] == 50_000
    late, unknown = EVENTS.progress(0, 0), EVENTS.progress(2, 0, media_ms_total=None)
    assert job(EVENTS.uploaded(), read, late, unknown, read)["video"]["duration_ms"] == 50_000
    assert job(read)["video"] is None
    assert is_visible_change(job(EVENTS.uploaded(), late), job(EVENTS.uploaded(), late, read))


def test_uploaded_is_still_queued_until_somebody_begins() -> None:
    assert job(EVENTS.uploaded())["status"] == "queued"
    assert job(EVENTS.uploaded())["stage"] == "extract"
    assert job(EVENTS.uploaded(), EVENTS.progress(0, 0, status="queued"))["status"] == "queued"
    assert job(EVENTS.uploaded(), EVENTS.progress(1, 1))["status"] == "processing"


@given(st.permutations(WHOLE), st.lists(st.sampled_from(WHOLE), max_size=10))
@examples(150)
def test_any_order_and_any_repetition_ends_the_same(order: list[Any], again: list[Any]) -> None:
    straight, mixed = job(*WHOLE), job(*order, *again)
    assert mixed | {"updated_at": None} == straight | {"updated_at": None}


@given(st.permutations(WHOLE), st.integers(0, len(WHOLE)))
@examples(100)
def test_facts_survive_being_kept(order: list[Any], cut: int) -> None:
    """A projector that is killed anywhere goes on with what stands in Postgres."""
    kept = RunFacts.from_json(orjson.loads(orjson.dumps(fold(*order[:cut]).to_json())))
    assert kept == fold(*order[:cut])


@given(st.integers(0, len(WHOLE)))
@examples(60)
def test_progress_never_falls_and_only_done_is_whole(cut: int) -> None:
    values = [job(*WHOLE[:n])["progress"] for n in range(cut + 1)]
    assert values == sorted(values)
    assert all((value == 100.0) == (n == len(WHOLE)) for n, value in enumerate(values))


def test_done_waits_for_every_table_and_for_the_hazards() -> None:
    without_one = [event for event in WHOLE if getattr(event, "table_id", None) != "tbl_2"]
    result = job(*without_one)
    assert (result["status"], result["stage"]) == ("processing", "tables")
    without_end = [event for event in WHOLE if getattr(event, "hazard_id", "") != end_hazard_id("run_1")]
    assert (job(*without_end)["status"], job(*without_end)["stage"]) == ("processing", "hazards")
    assert job(*without_end, make=("frames", "tables"))["status"] == "done"
    frames_only = [EVENTS.uploaded(), EVENTS.progress(1, 10), EVENTS.frame(9, last=True)]
    assert job(*frames_only, make=("frames",), tables_expected=())["status"] == "done"


def test_done_waits_for_what_other_topics_have_not_told_yet() -> None:
    """Who sees done lists the frames next: the last one has to be there."""
    without_last = [event for event in WHOLE if not hasattr(event, "object_key") or hasattr(event, "manifest_key")]
    assert job(*without_last)["status"] == "processing"
    without_upload = [event for event in WHOLE if not hasattr(event, "manifest_key")]
    result = job(*without_upload)
    assert (result["status"], result["stages"][0]["status"]) == ("queued", "done")


def test_a_refusal_is_failed_with_its_code() -> None:
    result = job(REFUSED)
    assert (result["status"], result["stage"]) == ("failed", "upload")
    assert result["error"] == {"code": "not_a_video", "reason": "It is a text.", "retryable": False}
    assert [stage["status"] for stage in result["stages"]] == ["failed", "cancelled", "cancelled", "cancelled"]


def test_a_failed_extraction_and_another_attempt() -> None:
    failed = [EVENTS.uploaded(), EVENTS.failed(3)]
    result = job(*failed)
    assert (result["status"], result["error"]["code"]) == ("failed", "decode_failed")
    assert [stage["status"] for stage in result["stages"]] == ["done", "failed", "cancelled", "cancelled"]
    again = job(*failed, EVENTS.progress(4, 1, attempt=2))
    assert (again["status"], again["error"]) == ("processing", None)


def test_cancelled_stays_cancelled() -> None:
    facts = fold(EVENTS.uploaded(), EVENTS.progress(1, 1)).cancel(NOW)
    after = fold_all(facts, [(event, NOW) for event in [*WHOLE, REFUSED]])
    assert status(run(), facts) == status(run(), after) == "cancelled"
    stopped = EVENTS.progress(2, 1, status="cancelled")
    assert job(EVENTS.uploaded(), stopped)["status"] == "cancelled"


def test_an_older_progress_says_nothing() -> None:
    facts = fold(EVENTS.uploaded(), EVENTS.progress(5, 5))
    assert fold_all(facts, [(EVENTS.progress(4, 4), NOW)]) is facts


def test_facts_of_another_version_are_read() -> None:
    assert RunFacts.from_json({"published": 3, "invented_later": True}) == RunFacts(published=3)


def test_readers_are_told_what_they_would_see() -> None:
    one = job(EVENTS.uploaded(), EVENTS.progress(1, 1, 1000))
    assert is_visible_change(one, job(EVENTS.uploaded(), EVENTS.progress(2, 2, 1000)))
    assert not is_visible_change(
        one, job(EVENTS.uploaded(), EVENTS.progress(1, 1, 1000), EVENTS.crops(0)) | {"stages": one["stages"]}
    )
    assert not is_visible_change(one, one | {"updated_at": "2030-01-01T00:00:00.000Z"})
    assert is_visible_change(one, one | {"status": "failed"})


@pytest.mark.parametrize("result", sorted(FINAL))
def test_every_final_status_can_be_reached(result: str) -> None:
    ends = {"done": fold(*WHOLE), "failed": fold(REFUSED), "cancelled": RunFacts().cancel(NOW)}
    assert status(run(), ends[result]) == result


def test_a_video_of_unknown_length_has_a_progress_too() -> None:
    half = EVENTS.progress(1, 5, None, percent=50.0)
    result = job(EVENTS.uploaded(), half, *(EVENTS.evidence(index) for index in range(5)))
    tables = next(stage for stage in result["stages"] if stage["name"] == "tables")
    assert (tables["status"], tables["progress"]) == ("processing", 50.0)
    assert result["frames"] == {"published": 5, "expected": None}


def test_the_newest_judgement_is_the_last_one_that_evidence_names() -> None:
    """Gated frames name the look that they stand on, frames that were given up name none, and tables come mixed."""
    gated = replace(EVENTS.evidence(9, kind="gated"), judgement_key=EVENTS.judgement_key(2))
    given_up = EVENTS.evidence(10, kind="unavailable")
    for events in itertools.permutations((EVENTS.evidence(2), EVENTS.evidence(1), gated, given_up)):
        assert fold(*events).judgement_key == EVENTS.judgement_key(2)
    assert fold(given_up).judgement_key is None
    for foreign in ("judgements/site_2/run_1/000000009.json", "judgements/site_1/run_2/000000009.json", "z"):
        assert fold(replace(EVENTS.evidence(2), judgement_key=foreign)).judgement_key is None
