import subprocess
import sys
from pathlib import Path

import pytest
from check import report
from restaurant import story
from restaurant.score import Alert, StateRecord

PROGRAM = Path(__file__).parents[3] / "deploy" / "demo" / "check.py"


def perfect_records() -> dict[str, list[StateRecord]]:
    """Every state, published three seconds after it began."""
    return {
        table.label: [
            StateRecord(version, state, since, since + 3_000, since + 200_000)
            for version, (since, _, state) in enumerate(story.intervals(table.label), start=1)
        ]
        for table in story.TABLES
    }


def the_spill() -> Alert:
    x1, y1, x2, y2 = story.relative_box(story.SPILL.box)
    return Alert("haz_1", "spill", (x1, y1, x2, y2), story.SPILL.from_ms, story.SPILL.from_ms + 20_000)


def test_a_stack_that_reports_everything_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(story.truth(), perfect_records(), [the_spill()]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[7].split()[:3] == ["all", "720", "100.0%"]
    assert lines[8:] == ["spill: reported 20.0 s after it was there", "false alarms: 0"]


def test_a_silent_stack_fails_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(story.truth(), {}, []) == 1
    out = capsys.readouterr().out
    assert "only 0.0% of table-seconds right" in out
    assert "a spill was not found" in out


def test_one_table_with_all_states_reversed_fails() -> None:
    records = perfect_records()
    records["3"] = [StateRecord(1, "occupied", 0, 0, 200_000)]
    assert report(story.truth(), records, [the_spill()]) == 1


def test_without_a_stack_there_is_nothing_to_compare(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "truth.json").write_text("{}")
    done = subprocess.run([sys.executable, PROGRAM, "--home", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no stack is up" in done.stderr
