"""Runs ours and a baseline in turn, A B A B, and takes the ratio inside each round.

These machines are noisy: absolute seconds drift, a ratio taken inside a round does not. CPU is user plus system of the
finished child and of everything it waited for (`wait4`), so that helpers that it starts are counted too.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Figure = Literal["cpu", "wall"]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one finished process cost. Seconds, and the peak resident set in MiB."""

    cpu_s: float
    wall_s: float
    peak_mib: float

    def of(self, figure: Figure) -> float:
        return self.cpu_s if figure == "cpu" else self.wall_s


@dataclass(frozen=True, slots=True)
class Command:
    """One side of a measure. `before` puts the place in order (not timed)."""

    argv: Sequence[str]
    before: Callable[[], None] = lambda: None

    def run(self) -> Usage:
        self.before()
        began = time.perf_counter()
        child = subprocess.Popen(self.argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert child.stderr is not None
        complaint = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        if os.waitstatus_to_exitcode(status) != 0:
            raise SystemExit(f"{' '.join(self.argv)}\nfailed:\n{complaint.decode(errors='replace')[-3000:]}")
        child.returncode = 0
        return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the report. The ratio is baseline / ours: above 1, ours is cheaper."""

    name: str
    ours: Command
    baseline: Command
    baseline_name: str
    goal: float
    figure: Figure = "cpu"


@dataclass(frozen=True, slots=True)
class Result:
    """A measured ratio: median, least and most of `n` rounds."""

    name: str
    ratio: float
    min: float
    max: float
    n: int
    baseline: str
    goal: float
    figure: str
    peak_mib: float

    def line(self) -> str:
        return (
            f"name={self.name} ratio={self.ratio:.2f} min={self.min:.2f} max={self.max:.2f} n={self.n} "
            f"baseline={self.baseline} figure={self.figure} goal={self.goal:g} "
            f"met={'yes' if self.ratio >= self.goal else 'no'} peak_mib={self.peak_mib:.0f}"
        )


def compare(measure: Measure, rounds: int) -> Result:
    """One warm-up of each side, then `rounds` rounds in turn."""
    measure.ours.run()
    measure.baseline.run()
    ratios, peak = [], 0.0
    for _ in range(rounds):
        ours, baseline = measure.ours.run(), measure.baseline.run()
        ratios.append(baseline.of(measure.figure) / ours.of(measure.figure))
        peak = max(peak, ours.peak_mib)
    return Result(
        measure.name, statistics.median(ratios), min(ratios), max(ratios), rounds, measure.baseline_name, measure.goal,
        measure.figure, peak,
    )  # fmt: skip


def record(result: Result, path: Path) -> None:
    """Append one JSON line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({**asdict(result), "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}) + "\n")
