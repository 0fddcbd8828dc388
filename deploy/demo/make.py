"""``python deploy/demo/make.py --home DIR``: film the demo restaurant into DIR/demo, once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from restaurant.clip import ensure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".local"), help="files go to HOME/demo (default .local)")
    chosen = parser.parse_args()
    ensure(chosen.home / "demo", lambda line: print(f"demo: {line}", flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
