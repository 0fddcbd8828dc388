import subprocess
import sys
from pathlib import Path

import pytest
from check import report
from restaurant import story
from restaurant.score import Alarm, Said

PROGRAM = Path(__file__).parents[3] / "deploy" / "demo" / "check.py"


def told_perfectly() -> dict[str, list[Said]]:
    """Every state said three seconds after it began."""
    return {
        table.label: [
            Said(version, state, since, since + 3_000, since + 200_000)
            for version, (since, _, state) in enumerate(story.intervals(table.label), start=1)
        ]
        for table in story.TABLES
    }


def the_spill() -> Alarm:
    x1, y1, x2, y2 = story.relative_box(story.SPILL.box)
    return Alarm("haz_1", "spill", (x1, y1, x2, y2), story.SPILL.from_ms, story.SPILL.from_ms + 20_000)


def test_a_stack_that_tells_everything_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(story.truth(), told_perfectly(), [the_spill()]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[7].split()[:3] == ["all", "720", "100.0%"]
    assert lines[8:] == ["spill: told 20.0 s after it was there", "false alarms: 0"]


def test_a_silent_stack_fails_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(story.truth(), {}, []) == 1
    out = capsys.readouterr().out
    assert "only 0.0% of table-seconds right" in out
    assert "a spill was not found" in out


def test_one_table_told_the_wrong_way_round_fails() -> None:
    told = told_perfectly()
    told["3"] = [Said(1, "occupied", 0, 0, 200_000)]
    assert report(story.truth(), told, [the_spill()]) == 1


def test_without_a_stack_there_is_nothing_to_compare(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "truth.json").write_text("{}")
    done = subprocess.run([sys.executable, PROGRAM, "--home", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no stack is up" in done.stderr
