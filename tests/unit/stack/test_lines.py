"""What a person reads about each event."""

import json
from pathlib import Path
from typing import Any

import pytest
from stack.live_lines import Lines

from tablewatch_schemas import TableState, decode, replace

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
EXAMPLES = sorted(SCHEMAS.glob("*/examples/v1/*.json"))


def received(path: Path) -> Any:
    """An example of the contracts as it comes from a topic."""
    example = json.loads(path.read_text())
    value = None if example["value"] is None else json.dumps(example["value"]).encode()
    headers = [(name, text.encode()) for name, text in example["headers"].items()]
    key = None if example["key"] is None else example["key"].encode()
    return decode(path.parts[-4], key, value, headers)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-4]}-{path.stem}")
def test_every_event_has_one_line(path: Path) -> None:
    line = Lines({}).of(received(path))
    assert line.strip()
    assert "\n" not in line


def test_a_transition_names_table_states_and_confidence() -> None:
    live = received(SCHEMAS / "table.state/examples/v1/live-unknown.json")
    lines = Lines({live.event.table_id: "T3"})
    assert lines.of(live) == "table T3 free -> unknown (0.00) as of 09:10:00"


def test_a_state_said_again_is_no_transition() -> None:
    live = received(SCHEMAS / "table.state/examples/v1/live-unknown.json")
    lines = Lines({live.event.table_id: "T3"})
    lines.of(live)
    assert lines.of(live) == "table T3 still unknown (0.00) as of 09:10:00"


def test_the_next_transition_starts_where_the_last_one_ended() -> None:
    live = received(SCHEMAS / "table.state/examples/v1/live-unknown.json")
    assert isinstance(live.event, TableState)
    lines = Lines({live.event.table_id: "T3"})
    lines.of(live)
    occupied = replace(live.event, state="occupied", previous_state="free", confidence=0.91)
    assert lines.of(replace(live, event=occupied)) == "table T3 unknown -> occupied (0.91) as of 09:10:00"


def test_times_of_a_run_are_counted_from_its_start() -> None:
    uploaded = received(SCHEMAS / "video.uploaded/examples/v1/run.json")
    state = received(SCHEMAS / "table.state/examples/v1/run.json")
    assert state.event.run_id == uploaded.event.run_id
    lines = Lines({})
    lines.of(uploaded)
    seconds = int((state.event.as_of - uploaded.event.started_at).total_seconds())
    assert f"at {seconds // 60}:{seconds % 60:02d}" in lines.of(state)


def test_a_refusal_gives_code_and_reason() -> None:
    line = Lines({}).of(received(SCHEMAS / "video.rejected/examples/v1/not-a-video.json"))
    assert "refused: not_a_video. The file is a text document." in line


def test_the_end_of_extraction_is_not_told_as_that_of_the_video() -> None:
    done = received(SCHEMAS / "video.progress/examples/v1/done-with-gap.json")
    count = f"{done.event.frames_published}/{done.event.frames_expected}"
    assert Lines({}).of(done) == f"frames of video …{done.event.video_id[-6:]} done, {count}"


def test_a_tombstone_is_forgotten() -> None:
    assert "forgotten" in Lines({}).of(received(SCHEMAS / "table.state/examples/v1/tombstone.json"))
