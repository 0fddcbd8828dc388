"""What a live camera costs: processor seconds for a second of its film, and memory, over RTSP from a fake camera.

1080p, 25 frames a second, 4 Mb/s, a keyframe every two seconds. The fake camera is a process of its own and is not
counted. Both sides are counted by the film that they were sent, so that a machine too busy to keep up changes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import imageio_ffmpeg

from bench.harness import Constant, Failed, Measure, Side, Usage
from bench.infrastructure import REPO
from bench.processes import free_port, listens, server
from bench.workspace import Workspace

SECONDS = 30
CAMERAS = 8
BASELINE_CAMERAS = 2
TIMEOUT_S = 300
GOAL_MIB = 25.0


@dataclass(frozen=True, slots=True)
class Watch:
    """`cameras` viewers by bench.cases.cameras; `side` as there."""

    workspace: Workspace
    side: str
    every_s: int
    cameras: int

    def run(self) -> Usage:
        found = watched(self.workspace, self.side, self.every_s, self.cameras)
        return usage(found["here_s"] + found["readers_s"], found["film_s"], found["pictures"], found["readers_s"])


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """A process of ffmpeg's program for each camera, which writes JPEGs to nowhere at the same cadence."""

    workspace: Workspace
    every_s: int
    cameras: int = BASELINE_CAMERAS

    def run(self) -> Usage:
        seconds = self.workspace.count(SECONDS)
        port = camera(self.workspace)
        argv = [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-rtsp_transport", "tcp", "-t", str(seconds)),
            *("-i", f"rtsp://127.0.0.1:{port}/stream1", "-an", "-vf", f"fps=1/{self.every_s}", "-q:v", "2"),
            *("-c:v", "mjpeg", "-f", "null", "-"),
        ]
        running = [subprocess.Popen(argv, stdin=subprocess.DEVNULL) for _ in range(self.cameras)]
        cpu_s = 0.0
        for each in running:
            _, status, used = os.wait4(each.pid, 0)
            each.returncode = os.waitstatus_to_exitcode(status)
            cpu_s += used.ru_utime + used.ru_stime
        if any(each.returncode for each in running):
            raise Failed("ffmpeg did not read the fake camera")
        return usage(cpu_s, seconds * self.cameras, seconds * self.cameras / self.every_s, 0.0)


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB of a reader for one more camera: of one with eight against one with one."""

    workspace: Workspace

    def run(self) -> Usage:
        one, eight = (sum(watched(self.workspace, "readers", 1, count)["rss_mib"]) for count in (1, CAMERAS))
        return Usage(0.0, 0.0, (eight - one) / (CAMERAS - 1), {"with_1_mib": one, "with_8_mib": eight})


def usage(cpu_s: float, film_s: float, pictures: float, readers_s: float) -> Usage:
    """By the second of film of one camera."""
    if not film_s or not pictures:
        raise Failed("nothing was watched")
    a_second = cpu_s / film_s
    more = {
        "cameras_per_core": 1 / a_second, "readers_percent": 100 * readers_s / film_s,
        "here_percent": 100 * (cpu_s - readers_s) / film_s, "every_s": film_s / pictures,
    }  # fmt: skip
    return Usage(a_second, 1.0, more=more)


def watched(workspace: Workspace, side: str, every_s: int, cameras: int) -> dict[str, Any]:
    """What bench.cases.cameras found. Raises Failed."""
    seconds, port = workspace.count(SECONDS), camera(workspace)
    argv = [sys.executable, "-m", "bench.cases.cameras", side, str(every_s * 1000), str(seconds), str(port)]
    try:
        done = subprocess.run([*argv, str(cameras)], capture_output=True, text=True, timeout=seconds + TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{side} came to no end") from error
    if done.returncode:
        raise Failed(f"{side}: {done.stderr.strip()[-1000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def camera(workspace: Workspace) -> int:
    """The port of the fake camera, one for all measures."""
    return workspace.kept("camera", lambda: serving(workspace))


@contextmanager
def serving(workspace: Workspace) -> Iterator[int]:
    """Raises Failed."""
    clip, port = workspace.clip("camera_20s.mp4"), free_port()
    argv = [sys.executable, "-m", "fakecamera", str(clip), "--port", str(port)]
    with server(argv, {"PYTHONPATH": str(REPO / "deploy" / "demo")}, workspace.folder / "camera.log") as running:
        running.wait_for(lambda: listens(port), "the fake camera")
        yield port


def cost(name: str, every_s: int, baseline: str, goal: float) -> Callable[[Workspace], Measure]:
    """The readers at a cadence against a baseline at the same."""

    def make(workspace: Workspace) -> Measure:
        theirs: Side = Ffmpeg(workspace, every_s)
        if baseline == "decode-all":
            theirs = Watch(workspace, "decode-all", every_s, BASELINE_CAMERAS)
        return Measure(name, Watch(workspace, "readers", every_s, CAMERAS), theirs, baseline, goal)

    return make


def memory(workspace: Workspace) -> Measure:
    """Against the limit."""
    limit = Constant(Usage(0.0, 0.0, GOAL_MIB))
    return Measure("live-cameras-memory", Memory(workspace), limit, "limit", 1.0, "peak")
