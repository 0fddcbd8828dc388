"""python -m bench.progress [--each S] [--frames N]: progress and time left on a whole stack with a slow classifier.

A private stack whose classifier takes S seconds longer for each frame; the demo's clip is sent once. Every second the
job document is asked for (REST), read from the event stream (SSE, which is what the page shows), and the bar of
`tablewatch upload --wait` is what REST says. In the end each is compared with what became true: the share of frames
whose crops were classified at that second, and the seconds that were left. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from stack.ports import free_base
from stack.settings import OFFSETS, REPO

START_S = 300
SLOW = """
import os, sys
if "classifier_gateway" in getattr(sys, "orig_argv", ()):
    import time
    from inference import embedded
    judge = embedded.EmbeddedClassifier.judge
    def slow(self, request):
        time.sleep(float(os.environ["BENCH_EACH_S"]))
        return judge(self, request)
    embedded.EmbeddedClassifier.judge = slow
"""
Seen = list[tuple[float, float, int | None]]
"""(seconds on the clock, progress, eta_s)."""


@dataclass
class Watched:
    """What was shown, by REST and by the event stream."""

    rest: Seen = field(default_factory=list)
    sse: Seen = field(default_factory=list)
    ended_at: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.progress", description=__doc__)
    parser.add_argument("--each", type=float, default=2.0, help="seconds that the classifier takes more for a frame")
    parser.add_argument("--frames", type=int, default=60)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "sitecustomize.py").write_text(SLOW)
        process = start(home, chosen.each)
        try:
            run = json.loads((home / "run.json").read_text())
            watched = watch(run, chosen.frames)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    return report(watched)


def start(home: Path, each_s: float) -> subprocess.Popen[bytes]:
    """A stack with the slow classifier, one request at a time, ready."""
    base = free_base(list(OFFSETS.values()), 27_000 + os.getpid() % 97 * 10)
    env = os.environ | {
        "PYTHONPATH": f"{REPO / 'deploy' / 'local'}:{home}", "TABLEWATCH_HOME": str(home), "PORT_BASE": str(base),
        "DEMO": "0", "BENCH_EACH_S": str(each_s), "CLASSIFIER_GATEWAY_IN_FLIGHT": "1",
    }  # fmt: skip
    with (home / "stack.out").open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "stack", "run"], env=env, stdout=output, stderr=output)
    deadline = time.monotonic() + START_S
    while not (home / "run.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit((home / "stack.out").read_text())
        time.sleep(0.5)
    return process


def watch(run: dict[str, Any], frames: int) -> Watched:
    """Send the clip and record what is shown until the run has ended."""
    demo = REPO / ".local" / "demo"
    subprocess.run([sys.executable, REPO / "deploy" / "demo" / "make.py", "--home", demo.parent], check=True)
    watched = Watched()
    headers = {"Authorization": f"Bearer {run['key']}"}
    with httpx.Client(base_url=run["api_url"], headers=headers, timeout=60, trust_env=False) as client:
        video = send(client, demo, frames)
        reader = threading.Thread(target=read_events, args=(client, video, watched.sse), daemon=True)
        reader.start()
        while True:
            job = client.get(f"/v1/videos/{video['video_id']}/job").raise_for_status().json()
            watched.rest.append((time.monotonic(), job["progress"], job["eta_s"]))
            if job["status"] in ("done", "failed", "cancelled"):
                watched.ended_at = time.monotonic()
                print(f"{job['status']}, {job['frames']['published']} frames", file=sys.stderr)
                return watched
            time.sleep(1)


def send(client: httpx.Client, demo: Path, frames: int) -> dict[str, Any]:
    """The demo's clip, for a camera with the demo's layout; `frames` of it."""
    site = client.post("/v1/sites", json={"name": "Slow"}).raise_for_status().json()
    camera = client.post("/v1/cameras", json={"site_id": site["site_id"], "name": "Slow"}).raise_for_status().json()
    layout = json.loads((demo / "layout.json").read_text())
    client.put(f"/v1/cameras/{camera['camera_id']}/layout", json=layout).raise_for_status()
    truth = json.loads((demo / "truth.json").read_text())
    asked = {
        "camera_id": camera["camera_id"], "make": ["frames", "tables", "hazards"],
        "sampling": {"mode": "cadence", "every_ms": truth["duration_ms"] // frames},
    }  # fmt: skip
    video: dict[str, Any] = client.post("/v1/videos", json=asked).raise_for_status().json()
    token = {"Authorization": f"Bearer {video['upload']['token']}", "Content-Type": "video/mp4"}
    content = (demo / "clip.mp4").read_bytes()
    client.post(video["upload"]["content_url"], content=content, headers=token).raise_for_status()
    return video


def read_events(client: httpx.Client, video: dict[str, Any], seen: Seen) -> None:
    """Every job document of the video that the event stream has."""
    query = {"site_id": video["site_id"], "run_id": video["run_id"]}
    with client.stream("GET", "/v1/events", params=query, timeout=None) as stream:
        kind = ""
        for line in stream.iter_lines():
            if line.startswith("event:"):
                kind = line.removeprefix("event:").strip()
            elif line.startswith("data:") and kind == "video.job":
                job = json.loads(line.removeprefix("data:"))
                seen.append((time.monotonic(), job["progress"], job["eta_s"]))
                if job["status"] in ("done", "failed", "cancelled"):
                    return


def report(watched: Watched) -> int:
    """The table of every tenth of the way, and what was farthest from the truth after the first tenth."""
    began = watched.rest[0][0]
    whole = watched.ended_at - began
    print("| time | REST: progress | eta | left in truth | SSE: progress | eta |\n|---|---|---|---|---|---|")
    for part in range(1, 11):
        at = began + whole * part / 10
        rest, sse = newest(watched.rest, at), newest(watched.sse, at)
        left = f"{watched.ended_at - rest[0]:.0f} s"
        print(
            f"| {rest[0] - began:.0f} s | {rest[1]} % | {seconds(rest[2])} | {left} | {sse[1]} % | {seconds(sse[2])} |"
        )
    for name, seen in (("REST", watched.rest), ("SSE", watched.sse)):
        print(f"\n{name}: {judged(seen, watched)}")
    return 0


def newest(seen: Seen, at: float) -> tuple[float, float, int | None]:
    """What was shown at a time."""
    return next((each for each in reversed(seen) if each[0] <= at), (at, 0.0, None))


def judged(seen: Seen, watched: Watched) -> str:
    """Whether it ever fell, and the largest faults after the first tenth, in per cent of the whole time."""
    began, whole = watched.rest[0][0], watched.ended_at - watched.rest[0][0]
    falls = sum(after[1] < before[1] for before, after in pairwise(seen))
    later = [each for each in seen if each[1] >= 10 and each[1] < 100]
    eta = [abs(eta - (watched.ended_at - at)) / whole * 100 for at, _, eta in later if eta is not None]
    shown = [abs(progress - (at - began) / whole * 100) for at, progress, _ in later]
    unknown = sum(eta is None for _, _, eta in later)
    return (
        f"{len(seen)} values, {falls} falls; after the first tenth progress is at most {max(shown):.1f} points and eta"
        f" {max(eta):.1f} % of the whole time from the truth, {unknown} without eta"
    )


def seconds(eta: int | None) -> str:
    """An eta as it is shown."""
    return "–" if eta is None else f"{eta} s"


if __name__ == "__main__":
    sys.exit(main())
