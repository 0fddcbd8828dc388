"""``python deploy/demo/check.py --home DIR``: what the topics said of the demo clip against what is true.

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
from restaurant.score import Alarm, Hazards, Said, Share

WAIT_S = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path(".local"), help="the stack's home (default .local)")
    parser.add_argument("--wait", type=float, default=0, metavar="S", help="wait so long for the demo's run to be done")
    parser.add_argument("--video", metavar="ID", help="another video than the demo camera's newest")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="another truth than HOME/demo/truth.json")
    chosen = parser.parse_args()
    try:
        truth = json.loads((chosen.truth or chosen.home / "demo" / "truth.json").read_bytes())
        run, tables, alarms = asyncio.run(hear(chosen.home, time.monotonic() + chosen.wait, chosen.video))
    except (listen.NotThere, OSError) as error:
        print(f"demo-check: {error}", file=sys.stderr)
        return 2
    print(f"demo-check: video {run.video_id}, run {run.run_id}")
    return report(truth, tables, alarms)


async def hear(
    home: Path, until: float, video_id: str | None = None
) -> tuple[listen.Run, dict[str, list[Said]], list[Alarm]]:
    """The run and what the topics said of it; waits for the run until ``until`` (monotonic)."""
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
    return run, await listen.tables(bootstrap, run), await listen.alarms(bootstrap, run)


def report(truth: dict[str, Any], tables: dict[str, list[Said]], alarms: list[Alarm]) -> int:
    """Print the comparison; the exit code."""
    past, at_the_time = Share(), Share()
    print(f"{'table':>6} {'seconds':>8} {'right':>7} {'wrong':>7} {'unknown':>8}   {'right at the time':>17}")
    for table in truth["tables"]:
        records = tables.get(table["label"], [])
        mine = score.table_share(table["intervals"], records)
        then = score.table_share(table["intervals"], records, score.live)
        _line(table["label"], mine, then)
        past, at_the_time = past + mine, at_the_time + then
    _line("all", past, at_the_time)
    hazards = score.hazard_score(truth["spills"], alarms)
    _hazards(hazards)
    shortfalls = score.shortfalls(past, at_the_time, hazards)
    for shortfall in shortfalls:
        print(f"below the threshold: {shortfall}")
    return 1 if shortfalls else 0


def _line(name: str, past: Share, then: Share) -> None:
    shares = [past.part(count) for count in (past.right, past.wrong, past.unknown)]
    right, wrong, unknown = (f"{share:.1%}" for share in shares)
    print(f"{name:>6} {past.total:>8} {right:>7} {wrong:>7} {unknown:>8}   {then.part(then.right):>17.1%}")


def _hazards(hazards: Hazards) -> None:
    for delay in hazards.delays_ms:
        print("spill: not found" if delay is None else f"spill: told {delay / 1000:.1f} s after it was there")
    print(f"false alarms: {len(hazards.false_alarms)}")


if __name__ == "__main__":
    sys.exit(main())
