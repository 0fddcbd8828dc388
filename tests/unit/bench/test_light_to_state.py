"""Which frames count, and what the time from light to state is made of."""

from datetime import UTC, datetime, timedelta

import pytest
from bench.light_to_state import Load, Seen, figures

from chassis.records import Record
from tablewatch_schemas import CropReady, FrameExtracted, TableEvidence, TableState, TableStateEvidence, encode

BEGAN = datetime(2026, 11, 29, 7, tzinfo=UTC)
NO_EVIDENCE = TableStateEvidence(evidence_ids=(), frame_ids=(), people=None, model=None, layout_version=None)
IDLE = Load({"cropper": 1.0, "readers": 2.0}, 5.0, 100.0)
BUSY = Load({"cropper": 2.0, "readers": 4.0}, 6.0, 120.0)


def seen(*frames: tuple[str, float]) -> Seen:
    """Frames of cameras, taken so many seconds after BEGAN; each step of each takes longer than the one before."""
    found = Seen()
    for camera, second in frames:
        frame, at = (camera, BEGAN + timedelta(seconds=second)), BEGAN.timestamp() + second
        for topic, late in ((FrameExtracted, 0.1), (CropReady, 0.3), (TableEvidence, 0.6), (TableState, 1.0)):
            found.sent[topic.TOPIC][frame] = at + late
        found.came[frame] = at + 0.7
        found.states.append((frame, "refresh", at + 1.1))
    return found


def test_frames_of_the_measured_time_are_counted_and_each_step_is_its_own() -> None:
    found = figures(
        seen(("a", -1), ("a", 1), ("b", 9), ("b", 11)), BEGAN.timestamp(), BEGAN.timestamp() + 10, IDLE, BUSY, 2, 0
    )
    assert found.frames == 2
    assert found.evidence == pytest.approx([0.7, 0.7])
    assert found.states == pytest.approx([1.1, 1.1])
    steps = {name: taken[0] for name, taken in found.steps.items()}
    assert steps == pytest.approx({"capture": 0.1, "crops": 0.2, "look": 0.3, "fold": 0.4}, abs=1e-6)


def test_what_was_given_up_has_no_latency() -> None:
    frames = seen(("a", 1), ("a", 2), ("a", 3))
    given_up, lost = list(frames.came)[:2]
    frames.given_up[given_up] = "superseded"
    del frames.came[lost]
    found = figures(frames, BEGAN.timestamp(), BEGAN.timestamp() + 10, IDLE, BUSY, 1, 0)
    assert (len(found.evidence), found.given_up) == (1, {"superseded": 1, "no evidence": 1})


def test_the_processor_is_shared_out_between_the_stack_its_cameras_and_everybody_else() -> None:
    found = figures(seen(), BEGAN.timestamp(), BEGAN.timestamp() + 10, IDLE, BUSY, 1, 0)
    assert found.cores == {"cropper": 0.1, "readers": 0.2}
    assert (found.shown, found.others) == pytest.approx((0.1, 1.6))


def test_a_state_that_no_frame_led_to_has_no_latency() -> None:
    found = Seen()
    for reason in ("stale", "refresh"):
        state = TableState(
            table_id="tbl_1", site_id="site_1", run_id=None, camera_ids=("cam_1",), version=1, state="free",
            previous_state=None, confidence=0.9, as_of=BEGAN, since=BEGAN, expires_at=BEGAN, reason=reason,
            evidence=NO_EVIDENCE, last=False,
        )  # fmt: skip
        made = encode(state, source="tablewatch/test", time=BEGAN)
        found.add(Record(made.topic, 0, 0, 0, made.key, made.value, tuple(made.headers)), 1.0)
    assert [reason for _, reason, _ in found.states] == ["refresh"]
