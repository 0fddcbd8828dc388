"""The arithmetic of ratios, the two forms of a line, and what a failing side leads to."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench import __main__ as program
from bench.harness import Command, Constant, Failed, Measure, Result, Round, Usage, compare, record, summary


@dataclass
class Scripted:
    """A side that costs what it is told to, one usage a run."""

    usages: Iterator[Usage]

    def run(self) -> Usage:
        return next(self.usages)


def scripted(*cpu_s: float) -> Scripted:
    return Scripted(iter([Usage(cpu, cpu * 10, 50.0 + workspace) for workspace, cpu in enumerate(cpu_s)]))


def measure(ours: Scripted, baseline: Scripted, startup: Scripted | None = None) -> Measure:
    return Measure("extract-1fps", ours, baseline, "ffmpeg", 2.0, "cpu", startup)


def test_ratio_is_taken_inside_each_round_and_the_median_tells() -> None:
    result = compare(measure(scripted(9, 1, 2, 4), scripted(9, 2, 2, 20)), rounds=3)
    assert (result.ratio, result.min, result.max, result.n) == (2.0, 1.0, 5.0, 3)
    assert result.met
    assert result.peak_mib == 53.0
    assert result.running is None


def test_without_a_warm_up_the_first_run_counts() -> None:
    assert compare(measure(scripted(1), scripted(3)), rounds=1, warm_up=False).ratio == 3.0


def test_the_start_up_of_a_service_is_told_apart() -> None:
    result = compare(measure(scripted(2), scripted(4), scripted(1)), rounds=1, warm_up=False)
    assert (result.ratio, result.running) == (2.0, 4.0)
    assert " running=4.00" in result.line()


def test_nothing_is_left_is_never_zero() -> None:
    assert Usage(1, 1).without(Usage(2, 2)).cpu_s > 0


def test_wall_clock_and_memory_are_figures_too() -> None:
    rounds = [Round(Usage(1, 2, 200), Usage(1, 5, 400))]
    side = scripted()
    assert summary(Measure("two", side, side, "one", 1.8, "wall"), rounds).ratio == 2.5
    assert summary(Measure("memory", side, side, "limit", 1.0, "peak"), rounds).ratio == 2.0


def test_a_cost_that_cannot_be_told_gives_no_ratio() -> None:
    side = scripted()
    with pytest.raises(Failed, match="a larger load"):
        summary(
            Measure("one", side, side, "one", 1.0), [Round(Usage(1, 2), Usage(1, 2)), Round(Usage(0, 2), Usage(1, 2))]
        )


def result_of(ratio: float) -> Result:
    return Result("crops-20", ratio, 1.5, 3.25, 5, "pil", 3.0, "cpu", 1.0, 2.0, 77.4)


def test_a_line_begins_with_what_was_promised() -> None:
    line = result_of(2.5).line()
    assert line.startswith("name=crops-20 ratio=2.50 min=1.50 max=3.25 n=5 baseline=pil ")
    assert "goal=3 met=no" in line


def test_json_lines_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "home" / "bench.jsonl"
    record(result_of(2.5), path)
    record(result_of(3.5), path)
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert (first["name"], first["ratio"], first["met"]) == ("crops-20", 2.5, False)
    assert second["met"]


def test_a_command_is_charged_for_its_children() -> None:
    spin = "import time\nwhile time.process_time() < 0.2: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {spin!r}], check=True)"
    usage = Command([sys.executable, "-c", parent]).run()
    assert usage.cpu_s >= 0.2
    assert usage.wall_s >= 0.2
    assert usage.peak_mib > 1


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(Failed, match="no such clip"):
        Command([sys.executable, "-c", "raise SystemExit('no such clip')"]).run()


@pytest.mark.parametrize(("side", "code"), [(Constant(Usage(1, 1, 1)), 0), (Command(["false"]), 1)])
def test_a_missed_goal_is_shown_and_a_failed_measure_is_an_error(
    side: Constant | Command,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = Measure("only", side, Constant(Usage(1, 1, 1)), "limit", 2.0)
    monkeypatch.setattr(program, "MEASURES", {"only": lambda _: made})
    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["bench", "--rounds", "1"])
    assert program.main() == code
    out = capsys.readouterr().out
    assert ("met=no" if code == 0 else "name=only failed=") in out
    assert (tmp_path / "bench.jsonl").exists() == (code == 0)
