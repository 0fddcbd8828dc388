"""How far `captured_at` is off a clock that is drawn into the picture, by what the camera's sender reports are like.

    python -m bench.capture_time [SECONDS]

One line a kind of camera and source of the time. Real readers, fake cameras over RTSP (tests/support/clock_pictures.py,
where the kinds are) in a process of their own; four at once.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bench.cases.cameras import LOCALHOST, MEMORY, QUALITY
from bench.harness import Constant, Failed, Measure, Usage
from bench.infrastructure import REPO
from bench.live import percentile
from bench.processes import free_port, listens, server
from bench.workspace import Workspace
from extractor.live.reader import Channel, Opening
from extractor.live.readers import Readers
from extractor.live.relay import Target
from outbound import Endpoint

sys.path.insert(0, str(REPO / "deploy" / "demo"))

from tests.support.clock_pictures import MODES, read_jpeg

SECONDS = 30.0
EVERY_MS = 500
AT_ONCE = 4
GOAL_S = 0.02

Errors = dict[tuple[str, str], list[float]]
"""Milliseconds that `captured_at` is later than the light, by kind of camera and source."""


def measured(seconds: float, log: Path) -> Errors:
    """Of all kinds, a few at a time: a fake camera that cannot keep up is a slow line. Raises Failed."""
    kinds, errors = list(MODES), Errors()
    for begin in range(0, len(kinds), AT_ONCE):
        errors |= measured_together(kinds[begin : begin + AT_ONCE], seconds, log)
    return errors


def measured_together(modes: Sequence[str], seconds: float, log: Path) -> Errors:
    """Raises Failed."""
    ports = {mode: free_port() for mode in modes}
    argv = [sys.executable, "-m", "tests.support.clock_pictures", *(f"{mode}={port}" for mode, port in ports.items())]
    paths = os.pathsep.join([str(REPO / "deploy" / "demo"), str(REPO)])
    with server(argv, {"PYTHONPATH": paths}, log) as cameras:
        cameras.wait_for(lambda: all(map(listens, ports.values())), "the fake cameras")
        return asyncio.run(watched(seconds, ports))


async def watched(seconds: float, ports: Mapping[str, int]) -> Errors:
    """By readers as in the service, which start before the time begins."""
    readers = Readers(MEMORY)
    found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(readers.close)
        taking = []
        for mode, port in ports.items():
            opening = Opening(Target(Endpoint(LOCALHOST, port), "camera"), "/stream1", EVERY_MS, QUALITY)
            channel = await stack.enter_async_context(readers.session(opening, lambda: None))
            taking.append(asyncio.create_task(take(mode, channel, found)))
        done, _ = await asyncio.wait(taking, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in taking:
            task.cancel()
        for task in done:
            raise Failed(f"a camera ended: {task.exception()!r}")
    return dict(found)


async def take(mode: str, channel: Channel, found: defaultdict[tuple[str, str], list[float]]) -> None:
    """Raises CameraFailed."""
    while True:
        frame, picture = await channel.next_frame()
        drawn_ms = read_jpeg(picture)
        if drawn_ms is not None:
            found[mode, frame.source].append(float(frame.captured_ms - drawn_ms))


def table(errors: Errors) -> str:
    """p50 and p99 of how far it is off, in milliseconds; the mean tells earlier (-) from later."""
    rows = [f"{'camera':<12}{'source':<10}{'pictures':>9}{'p50':>9}{'p99':>9}{'mean':>9}"]
    for mode in MODES:
        for source in ("receipt", "camera"):
            found = errors.get((mode, source), [])
            if found:
                off = [abs(each) for each in found]
                figures = (percentile(off, 50), percentile(off, 99), sum(found) / len(found))
                rows.append(f"{mode:<12}{source:<10}{len(found):>9}" + "".join(f"{each:>9.1f}" for each in figures))
    return "\n".join(rows)


class CaptureTime:
    """The p99 of an honest camera once it is trusted, as wall clock; the kinds beside it, in milliseconds."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def run(self) -> Usage:
        self._workspace.folder.mkdir(parents=True, exist_ok=True)
        seconds = SECONDS / 2 if self._workspace.quick else SECONDS
        errors = measured(seconds, self._workspace.folder / "clock_cameras.log")
        off = {of: percentile([abs(each) for each in found], 99) for of, found in errors.items()}
        if ("honest", "camera") not in off:
            raise Failed("the honest camera was never trusted")
        more = {f"{mode}_{source}_p99_ms": each for (mode, source), each in off.items() if source == "camera"}
        return Usage(0.0, max(0.001, off["honest", "camera"] / 1000), more=more)


def capture_time(workspace: Workspace) -> Measure:
    """Against the limit."""
    return Measure("capture-time", CaptureTime(workspace), Constant(Usage(0.0, GOAL_S)), "limit", 1.0, "wall")


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    home = Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench"
    home.mkdir(parents=True, exist_ok=True)
    print(table(measured(seconds, home / "clock_cameras.log")))


if __name__ == "__main__":
    main()
