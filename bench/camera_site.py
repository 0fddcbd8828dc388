"""A site of fake cameras that a stack of its own watches, as an operator would set it up: by the public API.

The cameras show the demo's restaurant as a camera sends it: 1080p, 25 frames a second, 4 Mb/s, a keyframe every two
seconds, with the noise of a sensor. Each sees another moment of it, so that keyframes do not come all at once. They are
encoded beforehand, and a few processes serve them all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench import clips
from bench.infrastructure import REPO
from bench.processes import Server, descendants, family_cpu_s, free_port, listens, server
from bench.road import Stack, checked, demo_clip, local_stack
from bench.workspace import Workspace

SERVERS = 2
APART_S = 1.618
"""Between what two viewers see: no two of fifty have their keyframes within 30 ms."""
SECONDS = 60
COLUMNS = 5
READER = b"extractor.media.cameras"


@dataclass(frozen=True, slots=True)
class Site:
    """Cameras that are watched, by their ids, and the processes that show them."""

    stack: Stack
    site_id: str
    camera_ids: tuple[str, ...]
    shown_by: tuple[Server, ...]

    @contextmanager
    def api(self) -> Iterator[httpx.Client]:
        """A client with the admin key."""
        run = self.stack.run_file()
        headers = {"Authorization": f"Bearer {run['key']}"}
        with httpx.Client(base_url=run["api_url"], headers=headers, timeout=60, trust_env=False) as client:
            yield client

    def pause(self) -> None:
        """No camera is read any more; what is under way comes to its end. Raises Failed."""
        with self.api() as api:
            for camera_id in self.camera_ids:
                checked(api.patch(f"/v1/cameras/{camera_id}", json={"enabled": False}))

    def processes(self) -> dict[str, list[int]]:
        """Of each part and what it started: the readers of cameras one by one, other helpers with whoever has them."""
        found: dict[str, list[int]] = {}
        for name, pid in self.stack.run_file()["pids"].items():
            all_of_it = descendants(pid)
            readers = [each for each in all_of_it if _is_reader(each)]
            found[name] = [each for each in all_of_it if each not in readers]
            found |= {f"{name} reader {number}": [each] for number, each in enumerate(readers, 1)}
        return found

    def shown_cpu_s(self) -> float:
        """Processor seconds of the fake cameras so far."""
        return sum(family_cpu_s(each.process.pid) for each in self.shown_by)


def _is_reader(pid: int) -> bool:
    with suppress(OSError):
        return READER in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


@contextmanager
def watched_site(
    workspace: Workspace, cameras: int, tables: int, every_ms: int, settings: Mapping[str, str]
) -> Iterator[Site]:
    """`cameras` at a cadence, with `tables` each, in a stack with those settings. Raises Failed."""
    home = workspace.folder / f"site-{os.getpid()}-{cameras}"
    clip = restaurant_clip(workspace)
    with ExitStack() as running:
        ports = [free_port() for _ in range(SERVERS)]
        shown_by = tuple(running.enter_context(_shown(clip, port, workspace.folder)) for port in ports)
        allowed = {"CAMERA_ADDRESSES": ",".join(f"127.0.0.1:{port}" for port in ports)}
        stack = running.enter_context(local_stack(home, {**allowed, **settings}))
        site = Site(stack, *_made(stack, cameras, tables, every_ms, ports), shown_by)
        yield site


@contextmanager
def _shown(clip: Path, port: int, folder: Path) -> Iterator[Server]:
    argv = [sys.executable, "-m", "fakecamera", str(clip), "--port", str(port), "--apart", str(APART_S)]
    log = folder / f"camera-{port}.log"
    with server(argv, {"PYTHONPATH": str(REPO / "deploy" / "demo")}, log) as running:
        running.wait_for(lambda: listens(port), "a fake camera")
        yield running


def _made(stack: Stack, cameras: int, tables: int, every_ms: int, ports: list[int]) -> tuple[str, tuple[str, ...]]:
    """The ids of a new site and its cameras, each with its tables drawn before it is switched on."""
    run = stack.run_file()
    headers = {"Authorization": f"Bearer {run['key']}"}
    with httpx.Client(base_url=run["api_url"], headers=headers, timeout=60, trust_env=False) as api:
        site_id = str(checked(api.post("/v1/sites", json={"name": "Bench"}))["site_id"])
        made = tuple(
            _camera(api, site_id, number, tables, every_ms, ports[number % len(ports)]) for number in range(cameras)
        )
        for camera_id in made:
            checked(api.patch(f"/v1/cameras/{camera_id}", json={"enabled": True}))
    return site_id, made


def _camera(api: httpx.Client, site_id: str, number: int, tables: int, every_ms: int, port: int) -> str:
    address = f"rtsp://127.0.0.1:{port}/{number}"
    new = {
        "site_id": site_id, "name": f"Camera {number}", "source": {"type": "rtsp", "address": address},
        "cadence_ms": every_ms, "enabled": False,
    }  # fmt: skip
    camera_id = str(checked(api.post("/v1/cameras", json=new))["camera_id"])
    checked(api.put(f"/v1/cameras/{camera_id}/layout", json=layout(tables)))
    return camera_id


def layout(tables: int) -> dict[str, object]:
    """So many tables in rows of five, which fill the picture."""
    rows = -(-tables // COLUMNS)
    zones = [_zone(number % COLUMNS / COLUMNS, number // COLUMNS / rows, 1 / rows) for number in range(tables)]
    drawn = [{"label": str(number + 1), "seats": 4, "polygon": zone} for number, zone in enumerate(zones)]
    return {"reference": {"width": 1920, "height": 1080}, "tables": drawn, "floor": []}


def _zone(left: float, upper: float, height: float) -> list[list[float]]:
    right, lower = left + 0.9 / COLUMNS, upper + 0.9 * height
    return [[left, upper], [right, upper], [right, lower], [left, lower]]


def restaurant_clip(workspace: Workspace) -> Path:
    """The demo's film as a camera sends it; made the first time."""
    demo, made = demo_clip(workspace).path, workspace.folder / "clips" / "restaurant.mp4"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        fresh = made.with_suffix(".new.mp4")
        looks = "fps=25,scale=1920:1080,noise=alls=5:allf=t:all_seed=7,format=yuv420p"
        rate = "-b:v 4M -maxrate 6M -bufsize 8M"
        clips.ffmpeg("-t", str(SECONDS), "-i", str(demo), "-vf", looks, *f"{clips.CAMERA} {rate}".split(), str(fresh))
        fresh.rename(made)
    return made
