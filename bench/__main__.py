"""python -m bench [--only NAME ...] [--rounds N] [--quick]: one line a measure, and the same in bench.jsonl."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from bench.harness import Failed, Result, compare, record
from bench.measures import MEASURES
from bench.workspace import Workspace


def main() -> int:
    chosen = arguments()
    home = Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve()
    workspace = Workspace(home / "bench", chosen.quick)
    lines: list[str] = []
    failures = 0
    try:
        for name in chosen.only or MEASURES:
            try:
                result = measured(name, workspace, chosen.rounds)
            except (Failed, OSError, subprocess.SubprocessError) as reason:
                failures += 1
                lines.append(f"name={name} failed={' '.join(str(reason).split())[-400:]}")
            else:
                lines.append(result.line())
                if not chosen.quick:
                    record(result, home / "bench.jsonl")
            print(lines[-1], file=sys.stderr, flush=True)
    finally:
        workspace.close()
    print("\n".join(lines))
    return 1 if failures else 0


def measured(name: str, workspace: Workspace, rounds: int) -> Result:
    return compare(MEASURES[name](workspace), 1 if workspace.quick else rounds, warm_up=not workspace.quick)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--rounds", type=int, default=5, help="rounds after one warm-up (default 5)")
    parser.add_argument("--quick", action="store_true", help="small clips, one round: does everything run?")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
