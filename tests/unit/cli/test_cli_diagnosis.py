"""Where a video is and what it waits for, decided from what was found out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tablewatch_cli.commands.why_stuck import partitions_of_run
from tablewatch_cli.diagnosis import STUCK_S, Backlog, Findings, diagnose
from tablewatch_cli.stages import SERVICES, SUBSCRIPTIONS
from tablewatch_schemas import TOPICS

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def job(stage: str = "tables", **more: Any) -> dict[str, Any]:
    """A job document with the fields that are read, changed a second ago."""
    changed = (NOW - timedelta(seconds=1)).isoformat()
    return {"video_id": "vid_1", "run_id": "run_1", "status": "processing", "stage": stage, "progress": 40,
            "error": None, "updated_at": changed} | more  # fmt: skip


CROPPER = SUBSCRIPTIONS["tables"][0]


def test_the_subscriptions_are_those_of_the_contracts() -> None:
    assert set(SUBSCRIPTIONS) == set(SERVICES)
    for each in (each for of_stage in SUBSCRIPTIONS.values() for each in of_stage):
        assert each.group in TOPICS[each.topic].consumers
        assert each.key is None or TOPICS[each.topic].key_run == f"{{{each.key}}}"


def test_the_first_cause_is_given() -> None:
    found = Findings(
        job=job(),
        not_ready={"cropper": "it answered 503: kafka", "hazard": "down"},
        backlogs=[Backlog(CROPPER, 12, 0)],
        projector_lag=5,
        dead_letters=["frame.extracted.cropper.dlq/7"],
    )
    result = diagnose(found, NOW)
    assert result.stuck
    assert "dlq show frame.extracted.cropper.dlq -o 7" in result.do
    result = diagnose(replace(found, dead_letters=()), NOW)
    assert result.waits_for == "cropper, which is not ready: it answered 503: kafka"
    result = diagnose(replace(found, dead_letters=(), not_ready={"cropper": None, "hazard": "down"}), NOW)
    assert (result.stuck, result.do) == (True, "start cropper")
    result = diagnose(replace(found, dead_letters=(), not_ready={}, backlogs=[Backlog(CROPPER, 12, 1)]), NOW)
    assert "12 records of frame.extracted" in result.waits_for
    assert not result.stuck
    result = diagnose(replace(found, dead_letters=(), not_ready={}, backlogs=()), NOW)
    assert "5 records behind" in result.waits_for


def test_quiet_for_long_is_stuck_even_without_a_cause() -> None:
    changed = (NOW - timedelta(seconds=STUCK_S + 1)).isoformat()
    result = diagnose(Findings(job(stage="extract", updated_at=changed)), NOW)
    assert (result.where, result.stuck) == ("extract", True)
    assert "look for run_1 in the log of extractor" in result.do
    assert not diagnose(Findings(job(stage="extract")), NOW).stuck


def test_an_upload_waits_for_its_uploader() -> None:
    assert "whoever uploads" in diagnose(Findings(job(stage="upload")), NOW).waits_for


@pytest.mark.parametrize(("retryable", "word"), [(True, "/v1/videos/vid_1/retry"), (False, "upload it again")])
def test_an_ended_job_is_never_stuck(retryable: bool, word: str) -> None:
    error = {"code": "decode_failed", "reason": "Export it again.", "retryable": retryable}
    result = diagnose(Findings(job(status="failed", error=error, updated_at="2020-01-01T00:00:00Z")), NOW)
    assert (result.where, result.stuck) == ("failed", False)
    assert "decode_failed" in result.waits_for
    assert word in result.do
    assert not diagnose(Findings(job(status="done", stage="done")), NOW).stuck


@pytest.mark.parametrize("count", [1, 2, 6, 240])
def test_a_runs_records_are_looked_for_where_the_partitioner_puts_them(count: int) -> None:
    from chassis.lanes import partition_for, run_partitions

    assert [at.partition for at in partitions_of_run(CROPPER, job(), count)] == [partition_for(b"run_1", "run", count)]
    every = [at.partition for at in partitions_of_run(SUBSCRIPTIONS["hazards"][1], job(), count)]
    assert every == list(run_partitions(count))


def test_what_the_job_itself_waits_for_comes_before_the_readiness_of_its_service() -> None:
    waiting = {"code": "store_full", "reason": "The store has 12 bytes left."}
    found = Findings(job(waiting=waiting), not_ready={"extractor": "store: store_full"})
    result = diagnose(found, NOW)
    assert result.waits_for == "store_full: The store has 12 bytes left."
    assert result.stuck and "goes on by itself" in result.do
