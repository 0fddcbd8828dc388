"""python -m bench.soak --cameras 20 --minutes 60: is memory flat and the live ledger balanced after an hour?

A stack of its own watches fake cameras (`bench.camera_site`). Every minute: the resident set of each process, and what
each consumer group has yet to read. Pictures are deleted after `--retention-h`, so that deleting is part of the hour.
At the end the cameras are switched off, and once nothing is under way `tablewatch ledger live` says what became of
every frame. Exits 1 if a frame is missing or still under way.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.camera_site import Site, watched_site
from bench.harness import Failed
from bench.road import Stack
from bench.workspace import Workspace

SAMPLE_S = 60.0
BEGUN_S = 600.0
"""From when on memory should be flat: caches and pools are full, and each camera has given sixty frames at 10 s."""
SETTLED_S = 120.0
ENDS = ("classified", "gated", "dropped", "dead_lettered", "in_flight", "missing")
Sizes = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds since the start; resident MiB by process; live records that wait, by group; the machine's load."""

    at_s: float
    sizes: Sizes
    lags: Mapping[str, int]
    load: float


@dataclass(frozen=True, slots=True)
class Grown:
    """Resident MiB of a process: after ten minutes, at the end, the most, and what it grows by in an hour."""

    begun: float
    ended: float
    most: float
    an_hour: float


def resident(site: Site) -> Sizes:
    """MiB by process."""
    return {name: together(_memory(each) for each in pids) for name, pids in site.processes().items()}


def _memory(pid: int) -> tuple[float, float]:
    """Own and shared resident MiB; zeros if it has ended."""
    with suppress(OSError):
        fields = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        sizes = {each[0].rstrip(":"): int(each[1]) / 1024 for each in fields if each[0].startswith(("VmRSS", "Rss"))}
        shared = sizes.get("RssShmem", 0.0)  # a process that has ended and is not waited for yet has none of them
        return sizes.get("VmRSS", 0.0) - shared, shared
    return 0.0, 0.0


def together(memory: Iterable[tuple[float, float]]) -> float:
    """MiB of processes that share their shared memory, as Postgres does: it counts once."""
    own, shared = zip(*memory, strict=True)
    return float(sum(own) + max(shared))


def lags(stack: Stack) -> dict[str, int]:
    """Live records that each group has yet to read."""
    waiting: Counter[str] = Counter()
    for each in json.loads(tablewatch(stack, "lag", "--json")):
        waiting[each["group"]] += each["live"]
    return dict(waiting)


def tablewatch(stack: Stack, *arguments: str) -> str:
    """What the command line prints about this stack."""
    command = [str(Path(sys.executable).with_name("tablewatch")), *arguments]
    environment = os.environ | {"TABLEWATCH_HOME": str(stack.home)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout


def watch(site: Site, minutes: float, notes: Path) -> list[Sample]:
    """A sample a minute; each is noted at once, so that a run that is cut short has its figures."""
    samples: list[Sample] = []
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) < minutes * 60 + 1:
        sample = Sample(elapsed, resident(site), lags(site.stack), os.getloadavg()[0])
        samples.append(sample)
        with notes.open("a") as out:
            out.write(json.dumps({name: getattr(sample, name) for name in sample.__slots__}) + "\n")
        behind = {group: lag for group, lag in sample.lags.items() if lag}
        in_all = sum(sample.sizes.values())
        print(f"{elapsed / 60:5.1f} min {in_all:6.0f} MiB load {sample.load:.0f} {behind}", flush=True)
        time.sleep(max(0.0, began + len(samples) * SAMPLE_S - time.monotonic()))
    return samples


def growth(samples: Sequence[Sample]) -> dict[str, Grown]:
    """Of each process that lived from the tenth minute to the end; medians of three samples."""
    counted = [each for each in samples if each.at_s >= BEGUN_S - 1] or list(samples)
    first, last = counted[:3], counted[-3:]
    hours = max(last[-1].at_s - first[0].at_s, 1.0) / 3600
    sizes: dict[str, list[float]] = defaultdict(list)
    for sample in counted:
        for name, size in sample.sizes.items():
            sizes[name].append(size)
    found = {}
    for name, own in sizes.items():
        if len(own) == len(counted):
            begun, ended = median(own[:3]), median(own[-3:])
            found[name] = Grown(begun, ended, max(own), (ended - begun) / hours)
    return found


def ledger(stack: Stack, hours: int) -> dict[str, Any]:
    """`tablewatch ledger live`, once nothing is under way, or two minutes later."""
    until = time.monotonic() + SETTLED_S
    while True:
        answer = tablewatch(stack, "ledger", "live", "--hours", str(hours), "--json")
        found: dict[str, Any] = json.loads(answer)
        if found["settled"] or time.monotonic() > until:
            return found
        time.sleep(5)


def report(samples: Sequence[Sample], found: Mapping[str, Any]) -> bool:
    """Print the figures; whether the ledger balances."""
    print("\n| resident MiB | after 10 min | at the end | most | grows in an hour |\n| --- | --- | --- | --- | --- |")
    for name, each in growth(samples).items():
        print(f"| {name} | {each.begun:.0f} | {each.ended:.0f} | {each.most:.0f} | {each.an_hour:+.1f} |")
    worst: Counter[str] = Counter()
    for sample in samples:
        worst |= Counter(sample.lags)
    print(f"\nmost live records that waited: {dict(worst)}")
    totals, reasons = found["totals"], Counter[str]()
    for account in found["accounts"]:
        reasons.update(account["dropped"])
    print(f"captured {totals['captured']} = " + " + ".join(f"{totals[end]} {end}" for end in ENDS))
    print(f"dropped: {dict(reasons)}")
    balanced = totals["captured"] == sum(totals[end] for end in ENDS) and not totals["missing"] + totals["in_flight"]
    print("the ledger balances" if balanced else "THE LEDGER DOES NOT BALANCE")
    return balanced


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--tables", type=int, default=20, help="of each camera (default 20)")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--every-ms", type=int, default=10_000, help="cadence (default 10000)")
    parser.add_argument("--retention-h", type=float, default=0.5, help="hours that pictures are kept (default 0.5)")
    chosen = parser.parse_args()
    workspace = Workspace(Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench", quick=False)
    notes = workspace.folder / f"soak-{os.getpid()}.jsonl"
    settings = {"CAMERA_RETENTION_H": str(chosen.retention_h)}
    try:
        with watched_site(workspace, chosen.cameras, chosen.tables, chosen.every_ms, settings) as site:
            samples = watch(site, chosen.minutes, notes)
            site.pause()
            found = ledger(site.stack, round(chosen.minutes / 60) + 2)
    except Failed as reason:
        print(f"failed: {reason}")
        return 1
    return 0 if report(samples, found) else 1


if __name__ == "__main__":
    sys.exit(main())
