"""Writes the table of metrics in docs/operations.md from their definitions in the code; `--check` only compares."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from chassis.metrics import Definition
from chassis.metrics import definitions as defined_by

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("operations.md")
OPEN, CLOSE = "<!-- metrics -->\n", "<!-- /metrics -->"


def modules() -> list[str]:
    """The modules that define metrics, libraries first: `<package>.metrics`."""
    folders = [*sorted(ROOT.glob("libs/*/src/*/metrics.py")), *sorted(ROOT.glob("services/*/src/*/metrics.py"))]
    return [f"{path.parent.name}.metrics" for path in folders]


def definitions() -> dict[str, Definition]:
    """Every metric by its name without the prefix."""
    found = [each for module in modules() for each in defined_by(importlib.import_module(module))]
    return {each.name: each for each in found}


def table() -> str:
    """Every metric with its labels and its help."""
    lines = ["| metric (`tablewatch_…`) | labels | what |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {', '.join(spec.labels) or '–'} | {spec.help} |" for name, spec in definitions().items()]
    return "\n".join(lines) + "\n"


def rendered(page: str) -> str:
    """The page with the table between its markers made anew."""
    head, found, rest = page.partition(OPEN)
    _, closed, tail = rest.partition(CLOSE)
    if not (found and closed):
        raise SystemExit(f"{PAGE.name}: the markers of the metrics are missing")
    return f"{head}{found}{table()}{closed}{tail}"


def main() -> None:
    """Write the page, or with --check exit 1 if it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    page = PAGE.read_text()
    wanted = rendered(page)
    if check and wanted != page:
        sys.exit("docs/operations.md is stale: python docs/generate_metrics.py")
    if not check:
        PAGE.write_text(wanted)


if __name__ == "__main__":
    main()
