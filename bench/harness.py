"""Runs ours and a baseline alternately, A B A B, and takes the ratio inside each round.

These machines are noisy: absolute seconds drift, a ratio taken inside a round does not. CPU is user plus system of the
finished child and of everything it waited for (`wait4`), so that helpers that it starts are counted too.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Protocol

Figure = Literal["cpu", "wall", "peak"]


class Failed(Exception):
    """A side did not do what it was started for; the message names it and holds its error output."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one side cost. Seconds, and the peak resident set in MiB (0: not looked at)."""

    cpu_s: float
    wall_s: float
    peak_mib: float = 0.0
    more: Mapping[str, float] = field(default_factory=dict)
    """Other figures, shown in the line for both sides."""

    def of(self, figure: Figure) -> float:
        return {"cpu": self.cpu_s, "wall": self.wall_s, "peak": self.peak_mib}[figure]

    def without(self, other: Usage) -> Usage:
        """What is left when another's cost is taken off; never nothing."""
        return Usage(max(0.001, self.cpu_s - other.cpu_s), max(0.001, self.wall_s - other.wall_s), self.peak_mib)


class Side(Protocol):
    """One side of a measure. Raises Failed."""

    def run(self) -> Usage: ...


@dataclass(frozen=True, slots=True)
class Command:
    """A whole process. `before` prepares it (not timed)."""

    argv: Sequence[str]
    before: Callable[[], None] = lambda: None

    def run(self) -> Usage:
        self.before()
        began = time.perf_counter()
        child = subprocess.Popen(self.argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert child.stderr is not None
        error_output = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise Failed(f"{' '.join(self.argv)}: {error_output.decode(errors='replace').strip()[-2000:]}")
        return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


@dataclass(frozen=True, slots=True)
class Constant:
    """A fixed figure, such as a limit, as a side."""

    usage: Usage

    def run(self) -> Usage:
        return self.usage


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the report. The ratio is baseline / ours: above 1, ours is cheaper.

    `startup` is the part of ours that a running service has behind it; with it the line has the ratio without it, too.
    """

    name: str
    ours: Side
    baseline: Side
    baseline_name: str
    goal: float
    figure: Figure = "cpu"
    startup: Side | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A measured ratio: median, least and most of `n` rounds, and the medians of what both sides cost.

    `running` is the median ratio without the start-up of ours; None where that makes no difference.
    """

    name: str
    ratio: float
    min: float
    max: float
    n: int
    baseline: str
    goal: float
    figure: str
    ours: float
    theirs: float
    peak_mib: float
    running: float | None = None
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return self.ratio >= self.goal

    def line(self) -> str:
        running = "" if self.running is None else f" running={self.running:.2f}"
        more = "".join(f" {name}={value:.3f}" for name, value in self.more.items())
        return (
            f"name={self.name} ratio={self.ratio:.2f} min={self.min:.2f} max={self.max:.2f} n={self.n} "
            f"baseline={self.baseline} figure={self.figure} goal={self.goal:g} met={'yes' if self.met else 'no'} "
            f"ours={self.ours:.3f} theirs={self.theirs:.3f} peak_mib={self.peak_mib:.0f}{running}{more}"
        )


@dataclass(frozen=True, slots=True)
class Round:
    """Both sides once, one after the other."""

    ours: Usage
    baseline: Usage
    startup: Usage | None = None


def compare(measure: Measure, rounds: int, warm_up: bool = True) -> Result:
    """One warm-up of each side, then `rounds` rounds. Raises Failed."""
    if warm_up:
        _round(measure)
    return summary(measure, [_round(measure) for _ in range(rounds)])


def _round(measure: Measure) -> Round:
    ours, baseline = measure.ours.run(), measure.baseline.run()
    return Round(ours, baseline, measure.startup.run() if measure.startup else None)


def summary(measure: Measure, rounds: Sequence[Round]) -> Result:
    """The ratios of the rounds, each taken inside its round. Raises Failed when ours cost less than can be measured."""
    figure = measure.figure
    if any(each.ours.of(figure) <= 0 for each in rounds):
        raise Failed(f"{figure} of ours is below the clock's resolution, so there is no ratio: it needs a larger load")
    ratios = [each.baseline.of(figure) / each.ours.of(figure) for each in rounds]
    running = [each.baseline.of(figure) / each.ours.without(each.startup).of(figure) for each in rounds if each.startup]
    return Result(
        name=measure.name,
        ratio=statistics.median(ratios),
        min=min(ratios),
        max=max(ratios),
        n=len(ratios),
        baseline=measure.baseline_name,
        goal=measure.goal,
        figure=figure,
        ours=statistics.median(each.ours.of(figure) for each in rounds),
        theirs=statistics.median(each.baseline.of(figure) for each in rounds),
        peak_mib=max(each.ours.peak_mib for each in rounds),
        running=statistics.median(running) if running else None,
        more=_more("ours", [each.ours for each in rounds]) | _more("theirs", [each.baseline for each in rounds]),
    )


def _more(side: str, usages: Sequence[Usage]) -> dict[str, float]:
    """Medians of a side's other figures."""
    return {f"{side}_{name}": statistics.median(each.more[name] for each in usages) for name in usages[0].more}


def record(result: Result, path: Path) -> None:
    """Append one JSON line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with path.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({**asdict(result), "met": result.met, "at": at}) + "\n")
