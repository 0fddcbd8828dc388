"""python -m bench.light_to_state --cameras 10 30 50: seconds from the light to a table's state, and what takes them.

A stack of its own watches fake cameras (`bench.camera_site`), for each number of cameras anew. From `captured_at`, by
the camera's own clock, to when a consumer has the record: of each frame the last of its `table.evidence`, and every
record of `table.state` that a frame led to, be it a change or a refresh. `superseded` and the like are frames that were
not looked at. What the stack uses of the processor is counted by part, and what everybody else on the machine uses.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median

from bench.camera_site import Site, watched_site
from bench.harness import Failed
from bench.live import percentile
from bench.processes import TICKS, cpu_s
from bench.workspace import Workspace
from chassis.kafka import KafkaBroker
from chassis.records import Record
from tablewatch_schemas import CropReady, FrameDropped, FrameExtracted, TableEvidence, TableState, decode

EVENTS = (FrameExtracted, CropReady, TableEvidence, TableState, FrameDropped)
STEPS = ("capture", "crops", "look", "fold")
"""From the light to the frame's record, to that of its crops, to the last evidence, to the last state."""
WARM_FRAMES = 3
WARM_S, TIMEOUT_S = 30.0, 600.0
Frame = tuple[str, datetime]
"""Camera and `captured_at`."""


@dataclass
class Seen:
    """What came on the topics. Times are Unix seconds: `sent` is of the record, `came` of its arrival here."""

    sent: dict[str, dict[Frame, float]] = field(default_factory=lambda: defaultdict(dict))
    came: dict[Frame, float] = field(default_factory=dict)
    """Of the last evidence of a frame."""
    states: list[tuple[Frame, str, float]] = field(default_factory=list)
    """Frame, reason and arrival of each state."""
    given_up: dict[Frame, str] = field(default_factory=dict)
    unpublished: dict[str, int] = field(default_factory=dict)
    """Frames that the extractor dropped, by camera."""

    def add(self, record: Record, came_s: float) -> None:
        """A record of any of EVENTS."""
        event, sent_s = decode(record.topic, record.key, record.value, record.headers).event, record.timestamp_ms / 1000
        match event:
            case FrameExtracted() | CropReady():
                self.sent[record.topic].setdefault((event.camera_id or "", event.captured_at), sent_s)
            case TableEvidence() if event.kind in ("verdict", "gated", "unavailable"):
                frame = event.camera_id or "", event.captured_at
                self.sent[record.topic][frame], self.came[frame] = sent_s, came_s
                if event.kind == "unavailable":
                    self.given_up[frame] = (event.reason or "").partition(":")[0]
            case TableState() if event.camera_ids and event.reason != "stale":  # which no frame led to
                frame = event.camera_ids[0], event.as_of
                self.sent[record.topic][frame] = sent_s
                self.states.append((frame, event.reason or "", came_s))
            case FrameDropped():
                self.unpublished[event.camera_id] = event.frames


@dataclass(frozen=True, slots=True)
class Load:
    """Processor seconds by part, of the fake cameras, and of the whole machine, so far."""

    parts: Mapping[str, float]
    shown: float
    machine: float

    @classmethod
    def now(cls, site: Site) -> Load:
        """So far."""
        parts: defaultdict[str, float] = defaultdict(float)
        for name, pids in site.processes().items():
            parts["readers" if " reader " in name else name] += sum(_used_s(pid) for pid in pids)
        busy = [int(each) for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        return cls(parts, site.shown_cpu_s(), (sum(busy[:8]) - busy[3] - busy[4]) / TICKS)


def _used_s(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        return cpu_s(pid)
    return 0.0  # it has ended since it was listed


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one number of cameras."""

    cameras: int
    seconds: float
    frames: int
    given_up: Mapping[str, int]
    unpublished: int
    evidence: Sequence[float]
    states: Sequence[float]
    reasons: Mapping[str, int]
    steps: Mapping[str, Sequence[float]]
    cores: Mapping[str, float]
    """Of one core, by part."""
    shown: float
    others: float
    load: float


async def measured(site: Site, every_ms: int, seconds: float) -> Figures:
    """Once every camera gives frames, for so long. Raises Failed."""
    seen = Seen()
    bootstrap = site.stack.run_file()["kafka_bootstrap"]
    reading = [asyncio.create_task(read(bootstrap, each.TOPIC, seen)) for each in EVENTS]
    try:
        await _warm(site, seen, reading)
        began_s, before = time.time(), await asyncio.to_thread(Load.now, site)
        dropped = sum(seen.unpublished.values())
        await asyncio.sleep(seconds)
        ended_s, after = time.time(), await asyncio.to_thread(Load.now, site)
        await asyncio.sleep(15)  # frames of the last moment get their time
        dropped = sum(seen.unpublished.values()) - dropped
    finally:
        for task in reading:
            task.cancel()
    return figures(seen, began_s, ended_s, before, after, len(site.camera_ids), dropped)


async def read(bootstrap: str, topic: str, seen: Seen) -> None:
    """Until cancelled."""
    subscription = await KafkaBroker(bootstrap, "bench-light").read(topic, newest=True)
    while True:
        for record in await subscription.poll(0.5, 500):
            seen.add(record, time.time())


async def _warm(site: Site, seen: Seen, reading: Sequence[asyncio.Task[None]]) -> None:
    until = time.monotonic() + TIMEOUT_S
    while not _all_give(site, seen):
        if time.monotonic() > until:
            raise Failed("not every camera gives frames")
        for task in reading:
            if task.done():
                task.result()
        await asyncio.sleep(1)
    await asyncio.sleep(WARM_S)


def _all_give(site: Site, seen: Seen) -> bool:
    given = Counter(camera for camera, _ in seen.came)
    return all(given[each] >= WARM_FRAMES for each in site.camera_ids)


def figures(
    seen: Seen, began_s: float, ended_s: float, before: Load, after: Load, cameras: int, unpublished: int
) -> Figures:
    """Of the frames that were taken between the two times."""
    frames = [each for each in seen.sent[FrameExtracted.TOPIC] if began_s <= each[1].timestamp() < ended_s]
    counted, seconds = set(frames), ended_s - began_s
    given_up = Counter(reason for frame, reason in seen.given_up.items() if frame in counted)
    looked = [each for each in frames if each in seen.came and each not in seen.given_up]
    given_up["no evidence"] = len(counted - seen.came.keys())
    states = [each for each in seen.states if each[0] in counted]
    cores = {name: (after.parts[name] - before.parts.get(name, 0.0)) / seconds for name in after.parts}
    shown = (after.shown - before.shown) / seconds
    machine = (after.machine - before.machine) / seconds
    return Figures(
        cameras, seconds, len(frames), given_up, unpublished,
        [seen.came[each] - each[1].timestamp() for each in looked],
        [came - frame[1].timestamp() for frame, _, came in states],
        Counter(reason for _, reason, _ in states),
        steps(seen, looked), cores, shown, machine - shown - sum(cores.values()), os.getloadavg()[0],
    )  # fmt: skip


def steps(seen: Seen, frames: Iterable[Frame]) -> dict[str, list[float]]:
    """Seconds of each step, by the times at which records were sent."""
    topics = [each.TOPIC for each in (FrameExtracted, CropReady, TableEvidence, TableState)]
    found: dict[str, list[float]] = {name: [] for name in STEPS}
    for frame in frames:
        before = frame[1].timestamp()
        for name, topic in zip(STEPS, topics, strict=True):
            sent = seen.sent[topic].get(frame)
            if sent is not None:
                found[name].append(sent - before)
                before = sent
    return found


def report(found: Figures) -> None:
    """Print it."""
    print(f"\n{found.cameras} cameras, {found.frames} frames in {found.seconds:.0f} s; load {found.load:.0f}")
    print(f"  to table.evidence: {_spread(found.evidence)}")
    print(f"  to table.state:    {_spread(found.states)} {dict(found.reasons)}")
    for name, taken in found.steps.items():
        print(f"    {name:8s} {_spread(taken)}")
    print(f"  not looked at: {dict(+Counter(found.given_up))}; dropped before publication: {found.unpublished}")
    parts = ", ".join(
        f"{name} {100 * share:.0f}" for name, share in sorted(found.cores.items(), key=lambda each: -each[1])
    )
    print(f"  per cent of a core: all {100 * sum(found.cores.values()):.0f} ({parts})")
    print(f"  fake cameras {100 * found.shown:.0f}, everybody else {100 * found.others:.0f}", flush=True)


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    return f"p50 {median(seconds):.3f} p99 {percentile(seconds, 99):.3f} most {max(seconds):.3f} (n={len(seconds)})"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.light_to_state", description=__doc__)
    parser.add_argument("--cameras", type=int, nargs="+", default=[10, 30, 50])
    parser.add_argument("--tables", type=int, default=20, help="of each camera (default 20)")
    parser.add_argument("--every-ms", type=int, default=10_000, help="cadence (default 10000)")
    parser.add_argument("--seconds", type=float, default=120, help="measured for each number (default 120)")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the stack's services")
    chosen = parser.parse_args()
    workspace = Workspace(Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench", quick=False)
    settings = dict(each.split("=", 1) for each in chosen.set)
    try:
        for cameras in chosen.cameras:
            with watched_site(workspace, cameras, chosen.tables, chosen.every_ms, settings) as site:
                found = asyncio.run(measured(site, chosen.every_ms, chosen.seconds))
            report(found)
            with (workspace.folder / "light-to-state.jsonl").open("a") as out:
                out.write(json.dumps({name: getattr(found, name) for name in found.__slots__}) + "\n")
    except Failed as reason:
        print(f"failed: {reason}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
