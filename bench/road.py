"""The whole road: what a frame costs from upload to state, all six services, Kafka and Postgres added up.

A stack of its own, started as a user starts it, gets the demo clip by the public API: six tables, tables only. What
each part used of the processor comes from /proc, before and after, helpers included. Every part also costs something
while nothing is to do; that is measured just before and shown, and belongs to the cost all the same.

The baseline is what one would write without a product: one process that decodes the clip, looks at the same frames
with the same recogniser and prints.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from bench.harness import Failed, Measure, Usage
from bench.processes import Server, family_cpu_s, server
from bench.workspace import Workspace
from classifier_gateway.settings import Settings

REPO = Path(__file__).resolve().parents[1]
EVERY_MS, QUICK_EVERY_MS = 1_000, 10_000
IDLE_S, SETTLED_S = 10.0, 3.0
START_S, RUN_S, STOP_S = 300.0, 900.0, 60.0
NOTHING: Mapping[str, str] = MappingProxyType({})
POLL_S = 2.0  # a poll costs the api something


@dataclass(frozen=True, slots=True)
class Stack:
    """A running local stack."""

    home: Path
    server: Server

    def run_file(self) -> dict[str, Any]:
        """run.json. Raises FileNotFoundError before the stack is up."""
        return dict(json.loads((self.home / "run.json").read_text()))

    def cpu_s(self) -> dict[str, float]:
        """User and system seconds so far of each part and what it started."""
        return {name: family_cpu_s(pid) for name, pid in self.run_file()["pids"].items()}


@contextmanager
def local_stack(home: Path, more: Mapping[str, str] = NOTHING) -> Iterator[Stack]:
    """A stack without its demo on ports that are free; `more` settings of the environment. Raises Failed."""
    home.mkdir(parents=True, exist_ok=True)
    settings = {
        "PYTHONPATH": str(REPO / "deploy" / "local"), "TABLEWATCH_HOME": str(home), "DEMO": "0",
        "PORT_BASE": str(24_000 + os.getpid() % 97 * 100), **more,
    }  # fmt: skip
    with server([sys.executable, "-m", "stack", "run"], settings, home / "stack.out", stop_s=STOP_S) as started:
        started.wait_for((home / "run.json").exists, "the stack", START_S)
        yield Stack(home, started)


@dataclass(frozen=True, slots=True)
class Clip:
    """The demo clip, and how often a frame is taken."""

    folder: Path
    every_ms: int

    @property
    def path(self) -> Path:
        return self.folder / "clip.mp4"

    @property
    def layout(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "layout.json").read_text()))


def demo_clip(workspace: Workspace) -> Clip:
    """Made by our own code the first time."""
    home = workspace.folder / "demo"
    subprocess.run([sys.executable, str(REPO / "deploy/demo/make.py"), "--home", str(home)], check=True)
    return Clip(home / "demo", QUICK_EVERY_MS if workspace.quick else EVERY_MS)


@dataclass(frozen=True, slots=True)
class Road:
    """One upload to a stack that is up: milliseconds of processor time a frame, by part."""

    workspace: Workspace
    clip: Clip

    def run(self) -> Usage:
        """Raises Failed."""
        stack = self.workspace.kept("stack", lambda: local_stack(self.workspace.folder / f"stack-{os.getpid()}"))
        run = stack.run_file()
        headers = {"Authorization": f"Bearer {run['key']}"}
        with httpx.Client(base_url=run["api_url"], headers=headers, timeout=60, trust_env=False) as api:
            camera_id = _camera(api, self.clip.layout)
            idle = _idle_rates(stack)
            before, began = stack.cpu_s(), time.monotonic()
            frames = _processed(api, camera_id, self.clip)
            took, after = time.monotonic() - began, stack.cpu_s()
        used = {name: after[name] - before.get(name, 0.0) for name in after}
        return Usage(sum(used.values()) / frames, took, more=_by_part(used, idle, took, frames))


def _by_part(used: Mapping[str, float], idle: Mapping[str, float], took_s: float, frames: int) -> dict[str, float]:
    """Milliseconds a frame of each part; the share of all that the stack would have used doing nothing; frames."""
    parts = {f"{name.replace('-', '_')}_ms": seconds * 1000 / frames for name, seconds in used.items()}
    return parts | {"idle_ms": sum(idle.values()) * took_s * 1000 / frames, "frames": float(frames)}


def _idle_rates(stack: Stack) -> dict[str, float]:
    """Processor seconds a second of each part while nothing is to do."""
    before, began = stack.cpu_s(), time.monotonic()
    time.sleep(IDLE_S)
    after, took = stack.cpu_s(), time.monotonic() - began
    return {name: (after[name] - before.get(name, 0.0)) / took for name in after}


def _camera(api: httpx.Client, layout: Mapping[str, Any]) -> str:
    """A camera of a new site, with its tables drawn."""
    site = checked(api.post("/v1/sites", json={"name": "Bench"}))
    camera = checked(api.post("/v1/cameras", json={"site_id": site["site_id"], "name": "Bench"}))
    checked(api.put(f"/v1/cameras/{camera['camera_id']}/layout", json=layout))
    return str(camera["camera_id"])


def _processed(api: httpx.Client, camera_id: str, clip: Clip) -> int:
    """Upload the clip and wait until the last state of its tables is known; the number of its frames."""
    content = clip.path.read_bytes()
    asked = {
        "camera_id": camera_id, "sampling": {"mode": "cadence", "every_ms": clip.every_ms},
        "make": ["frames", "tables"], "filename": clip.path.name, "size_bytes": len(content),
    }  # fmt: skip
    job = checked(api.post("/v1/videos", json=asked))
    target = job["upload"]
    headers = {"Authorization": f"Bearer {target['token']}", "Content-Type": "video/mp4"}
    checked(httpx.post(target["content_url"], content=content, headers=headers, timeout=120, trust_env=False))
    until = time.monotonic() + RUN_S
    while job["status"] != "done":
        if job["status"] in ("failed", "cancelled") or time.monotonic() > until:
            raise Failed(f"the video is {job['status']}: {job.get('error')}")
        time.sleep(POLL_S)
        job = checked(api.get(f"/v1/videos/{job['video_id']}"))
    time.sleep(SETTLED_S)  # commits, and what consumers do behind
    return int(job["frames"]["published"])


def checked(response: httpx.Response) -> dict[str, Any]:
    """The document of an answer. Raises Failed."""
    if response.is_error:
        raise Failed(f"{response.request.method} {response.url} answered {response.status_code}: {response.text}")
    return dict(response.json()) if response.content else {}


@dataclass(frozen=True, slots=True)
class BareLoop:
    """One process that decodes, looks and prints; its imports and the loading of its model are not counted."""

    workspace: Workspace
    clip: Clip

    def run(self) -> Usage:
        """Raises Failed."""
        models = os.environ.get("MODELS_DIR") or str(REPO / ".local" / "models")
        model = os.environ.get("CLASSIFIER_GATEWAY_MODEL") or Settings.model_fields["classifier_gateway_model"].default
        arguments = [str(self.clip.folder), str(self.clip.every_ms), models, model]
        argv = [sys.executable, "-m", "bench.cases.bare_loop", *arguments]
        began = time.monotonic()
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"the bare loop: {done.stderr[-2000:]}")
        figures = json.loads(done.stdout.splitlines()[-1])
        frames = figures["frames"]
        more = {f"{name}_ms": figures[name] * 1000 / frames for name in ("decode", "look")} | {"frames": float(frames)}
        return Usage(figures["cpu"] / frames, time.monotonic() - began, more=more)


def whole_road(workspace: Workspace) -> Measure:
    """At most half as dear again as the bare loop."""
    clip = demo_clip(workspace)
    return Measure("whole-road", Road(workspace, clip), BareLoop(workspace, clip), "bare-loop", 0.667)
