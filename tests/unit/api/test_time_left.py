"""Progress and time left of a run whose stages work side by side, at any speeds: true, and never going back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.properties import examples
from tests.unit.api.events_of_a_run import EVENTS, NOW, run

from api.model.job import document, eta_s
from api.model.job_transitions import apply_events
from api.model.pace import frames_per_s, go_on
from api.model.run_facts import RunFacts

ASKED = run()


@dataclass(frozen=True)
class Speeds:
    """Seconds that each stage takes for one frame; `wobble` of the classifier, as a share of its time."""

    extract_s: float
    classify_s: float
    detect_s: float
    frames: int
    wobble: float = 0.0
    counted: bool = True


def timeline(speeds: Speeds) -> list[tuple[float, Any]]:
    """The events of a run up to its last frame, each with its second."""
    return sorted(_events(speeds), key=lambda each: each[0])


def _events(speeds: Speeds) -> Iterator[tuple[float, Any]]:
    classified = detected = 0.0
    yield 0.0, EVENTS.uploaded()
    yield 0.0, _progress(0, speeds, 0.0)
    for index in range(speeds.frames):
        extracted = (index + 1) * speeds.extract_s
        classified = max(classified, extracted) + speeds.classify_s * (1 + speeds.wobble * (-1) ** index)
        detected = max(detected, extracted) + speeds.detect_s
        yield extracted, _progress(index + 1, speeds, extracted)
        yield extracted, EVENTS.crops(index)
        yield classified, EVENTS.evidence(index, 0)
        yield classified, EVENTS.evidence(index, 1)
        yield detected, EVENTS.candidate(index)


def _progress(published: int, speeds: Speeds, at_s: float) -> Any:
    return EVENTS.progress(
        published + 1,
        published,
        speeds.frames if speeds.counted or published == speeds.frames else None,
        percent=100.0 * published / speeds.frames,
        updated_at=NOW + timedelta(seconds=at_s),
    )


def at(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


SPEEDS = st.builds(
    Speeds,
    extract_s=st.floats(0.01, 2.0),
    classify_s=st.floats(0.01, 5.0),
    detect_s=st.floats(0.01, 2.0),
    frames=st.integers(60, 200),
    wobble=st.floats(0.0, 0.4),
    counted=st.booleans(),
)


@given(SPEEDS)
@example(Speeds(extract_s=0.02, classify_s=3.0, detect_s=0.05, frames=150))  # a slow classifier
@examples(60)
def test_after_the_first_tenth_both_are_right_within_a_tenth(speeds: Speeds) -> None:
    events = timeline(speeds)
    whole_s, facts, shown = events[-1][0], RunFacts(), [0.0]
    for second, event in events:
        facts, _ = apply_events(ASKED, facts, [(event, at(second))])
        job = document(ASKED, facts)
        assert job["progress"] >= shown[-1]
        shown.append(job["progress"])
        if 0.1 * whole_s <= second < whole_s:
            assert abs(job["progress"] - 100 * second / whole_s) <= 10, (second, job["stages"])
            left_s = job["eta_s"]
            assert left_s is not None
            assert abs(left_s - (whole_s - second)) <= 0.1 * whole_s + 1, (second, left_s)
    assert job["progress"] == 99.0


def test_a_classifier_that_is_ten_times_as_slow_from_the_middle_on_is_noticed() -> None:
    facts, second = RunFacts(), 0.0
    events = [(EVENTS.uploaded(), NOW), (EVENTS.progress(1, 100, 100), NOW)]
    facts, _ = apply_events(run(make=("frames", "tables")), facts, events)
    for index in range(75):
        second += 0.1 if index < 50 else 1.0
        facts, _ = apply_events(ASKED, facts, [(EVENTS.evidence(index), at(second))])
    assert eta_s(run(make=("frames", "tables")), facts) == 25


def test_cropped_frames_are_not_classified_ones() -> None:
    """As it was in the field: all frames cropped, the classifier at a tenth of them, and 88 % were shown."""
    events = [EVENTS.uploaded(), EVENTS.progress(1, 100, 100)]
    events += [EVENTS.crops(index) for index in range(100)] + [EVENTS.candidate(index) for index in range(100)]
    events += [EVENTS.evidence(index) for index in range(11)]
    facts, _ = apply_events(ASKED, RunFacts(), [(event, at(n)) for n, event in enumerate(events)])
    job = document(ASKED, facts)
    tables = next(stage for stage in job["stages"] if stage["name"] == "tables")
    assert (tables["progress"], job["progress"]) == (11.0, 11.0)


def test_no_time_is_told_while_a_stage_has_no_pace() -> None:
    extracted = [(EVENTS.progress(n + 1, n, 10, updated_at=at(n)), at(n)) for n in range(8)]
    facts, _ = apply_events(ASKED, RunFacts(), [(EVENTS.uploaded(), NOW), *extracted])
    assert eta_s(run(make=("frames",)), facts) == 3
    assert eta_s(ASKED, facts) is None


def test_frames_that_cannot_be_classified_count_too() -> None:
    facts, _ = apply_events(ASKED, RunFacts(), [(EVENTS.evidence(3, kind="unavailable"), NOW)])
    assert facts.classified == 4


def test_progress_does_not_go_back_when_more_frames_turn_up_or_a_retry_begins() -> None:
    events = [EVENTS.progress(1, 5, 10, percent=50.0), *(EVENTS.evidence(index) for index in range(5))]
    facts, _ = apply_events(ASKED, RunFacts(), [(event, NOW) for event in events])
    again, _ = apply_events(ASKED, facts, [(EVENTS.progress(2, 5, 20, percent=20.0, attempt=2), NOW)])
    for before, after in zip(document(ASKED, facts)["stages"], document(ASKED, again)["stages"], strict=True):
        assert after["progress"] >= before["progress"]
    assert again.tables_pace is None  # the time between the attempts is no pace


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 50)), max_size=80), st.none() | st.integers(1, 500))
@examples(100)
def test_a_pace_is_none_or_positive(steps: list[tuple[int, int]], expected: int | None) -> None:
    pace, now_ms, frames = None, 0, 0
    for more_ms, more in steps:
        now_ms, frames = now_ms + more_ms - 50, frames + more  # clocks of two processes may disagree
        pace = go_on(pace, now_ms, frames, expected)
        rate = frames_per_s(pace)
        assert rate is None or rate > 0
