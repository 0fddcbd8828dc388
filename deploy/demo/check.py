"""``python deploy/demo/check.py --home DIR``: compares the states and alerts of the demo clip with the truth.

Exit code 0 when all is above the thresholds of ``restaurant/score.py``, 1 below, 2 when there is nothing to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from restaurant import listen, score
from restaurant.score import Alert, Hazards, Score, StateRecord

from lines.visible import on_one_line

WAIT_S = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path(".local"), help="the stack's home (default .local)")
    parser.add_argument("--wait", type=float, default=0, metavar="S", help="wait so long for the demo's run to be done")
    parser.add_argument("--video", metavar="ID", help="another video than the demo camera's newest")
    parser.add_argument("--live", action="store_true", help="the live camera too; so without --video and --truth")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="another truth than HOME/demo/truth.json")
    chosen = parser.parse_args()
    try:
        truth = json.loads((chosen.truth or chosen.home / "demo" / "truth.json").read_bytes())
        run, tables, alerts = asyncio.run(read(chosen.home, time.monotonic() + chosen.wait, chosen.video))
        with_live = chosen.live or not (chosen.video or chosen.truth)
        live = asyncio.run(read_live(chosen.home, run, truth["duration_ms"])) if with_live else {}
    except (listen.NotThere, OSError) as error:
        print(f"demo-check: {error}", file=sys.stderr)
        return 2
    print(f"demo-check: video {run.video_id}, run {run.run_id}")
    found = report(truth, tables, alerts)
    if live:
        print("demo-check: the live camera's last whole round")
        found = max(found, _shortfalls(*report_states(truth, live), Hazards((), ())))
    return found


async def read(
    home: Path, until: float, video_id: str | None = None
) -> tuple[listen.Run, dict[str, list[StateRecord]], list[Alert]]:
    """The run with its states and alerts; waits for the run until ``until`` (monotonic seconds)."""
    while True:
        try:
            up = listen.stack(home)
            run = await listen.done_run(up, video_id)
            break
        except listen.NotThere:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(WAIT_S)
    bootstrap = up["kafka_bootstrap"]
    return run, await listen.tables(bootstrap, run), await listen.alerts(bootstrap, run)


async def read_live(home: Path, run: listen.Run, length_ms: int) -> dict[str, list[StateRecord]]:
    """The states of the live camera's last whole round; waits for one. Raises NotThere if the camera is not live."""
    up, until = listen.stack(home), time.monotonic() + 3 * length_ms / 1000
    while True:
        try:
            last = await listen.last_round(up, run, length_ms, time.time_ns() // 1_000_000)
            return await listen.tables(up["kafka_bootstrap"], last)
        except listen.NotThere:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(WAIT_S)


def report(truth: dict[str, Any], tables: dict[str, list[StateRecord]], alerts: list[Alert]) -> int:
    """Print the comparison of a run; the exit code."""
    past, at_the_time = report_states(truth, tables)
    hazards = score.hazard_score(truth["spills"], alerts)
    _hazards(hazards)
    return _shortfalls(past, at_the_time, hazards)


def report_states(truth: dict[str, Any], tables: dict[str, list[StateRecord]]) -> tuple[Score, Score]:
    """Print the comparison of states; the sums by history and by what was known at the time."""
    past, at_the_time = Score(), Score()
    print(f"{'table':>6} {'seconds':>8} {'right':>7} {'wrong':>7} {'unknown':>8}   {'right at the time':>17}")
    for table in truth["tables"]:
        records = tables.get(table["label"], [])
        mine = score.table_score(table["intervals"], records)
        then = score.table_score(table["intervals"], records, score.live)
        _line(table["label"], mine, then)
        past, at_the_time = past + mine, at_the_time + then
    _line("all", past, at_the_time)
    return past, at_the_time


def _shortfalls(past: Score, at_the_time: Score, hazards: Hazards) -> int:
    """Print what is below the thresholds; the exit code."""
    shortfalls = score.shortfalls(past, at_the_time, hazards)
    for shortfall in shortfalls:
        print(f"below the threshold: {shortfall}")
    return 1 if shortfalls else 0


def _line(name: str, past: Score, then: Score) -> None:
    shares = [past.part(count) for count in (past.right, past.wrong, past.unknown)]
    right, wrong, unknown = (f"{share:.1%}" for share in shares)
    print(f"{on_one_line(name):>6} {past.total:>8} {right:>7} {wrong:>7} {unknown:>8}   {then.part(then.right):>17.1%}")


def _hazards(hazards: Hazards) -> None:
    for delay in hazards.delays_ms:
        print("spill: not found" if delay is None else f"spill: reported {delay / 1000:.1f} s after it was there")
    print(f"false alarms: {len(hazards.false_alarms)}")


if __name__ == "__main__":
    sys.exit(main())
