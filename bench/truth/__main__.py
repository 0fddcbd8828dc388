"""python -m bench.truth [--only TABLE ...] [--json FILE] [--data DIR] [--models DIR]

How often the recogniser is right on the labelled rooms. Exit code 0; without the pictures it is skipped with a message.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.truth import cost, curves, measures, rooms, sizes, thresholds
from bench.truth.folded import HELD_MS, LIVE, RUN, STEP_MS
from bench.truth.recognisers import Recogniser, build_all
from bench.truth.rooms import View
from bench.truth.tables import Table

TABLES: Mapping[str, Callable[[Sequence[View], Sequence[Recogniser]], Table]] = {
    "stills": measures.stills_table,
    "states": measures.states_table,
    "calibration": curves.calibration_table,
    "zones": measures.zones_table,
    "cameras": measures.cameras_table,
    "thresholds": thresholds.thresholds_table,
    "cost": cost.cost_table,
    "sizes": sizes.sizes_table,
}


def main() -> int:
    chosen = arguments()
    try:
        views = rooms.read_views(chosen.data)
    except rooms.NoData as reason:
        print(f"truth: skipped: {reason}")
        return 0
    recognisers = build_all(chosen.models)
    fixed = fixed_before(views, recognisers)
    print("Fixed before a room is looked at:")
    print("".join(f"  {name}: {value}\n" for name, value in fixed.items()))
    tables = []
    for name in chosen.only or TABLES:
        tables.append(TABLES[name](views, recognisers))
        print(tables[-1].text() + "\n", flush=True)
    if chosen.json:
        content = {"fixed": fixed, "tables": {table.name: list(table.lines) for table in tables}}
        chosen.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


def fixed_before(views: Sequence[View], recognisers: Sequence[Recogniser]) -> dict[str, Any]:
    """What stands before a room is looked at; on a room kept aside nothing of it may change."""
    return {
        "data": ", ".join(f"{view.name} ({len(view.stills)} pictures, {len(view.regions)} tables)" for view in views),
        "recognisers": "; ".join(recogniser.name for recogniser in recognisers),
        "time": f"a still is held {HELD_MS / 1000:g} s, a look every {STEP_MS / 1000:g} s; a clip has its own time",
        "live": str(LIVE.thresholds),
        "run": str(RUN.thresholds),
        "delays": "in seconds, from the first second at which the new state is beyond doubt",
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.truth", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(TABLES), metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--data", type=Path, default=rooms.DEFAULT_DATA)
    parser.add_argument("--models", type=Path, default=Path(".local/models"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
