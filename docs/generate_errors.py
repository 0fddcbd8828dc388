"""Writes the tables of codes in docs/errors-and-retries.md from the code's own lists; `--check` only compares."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from api.problems import CODES
from extractor.files.failures import FAILURES, GAP_CODES
from ingest.refusals import REFUSALS

PAGE = Path(__file__).with_name("errors-and-retries.md")


def tables() -> dict[str, str]:
    """Marker name to Markdown table."""
    return {
        "ingest-files": _table(
            ("code", "HTTP", "again?", "what to do"),
            ((r.code, str(r.status), _yes(r.retryable), r.sentence) for r in REFUSALS.values() if r.final),
        ),
        "ingest-requests": _table(
            ("code", "HTTP", "again?", "what to do"),
            ((r.code, str(r.status), _yes(r.retryable), r.sentence) for r in REFUSALS.values() if not r.final),
        ),
        "extraction": _table(
            ("code", "again?", "what to do"), ((f.code, _yes(f.retryable), f.reason) for f in FAILURES.values())
        ),
        "gaps": _table(("code", "meaning"), GAP_CODES.items()),
        "api": _table(("code", "HTTP", "meaning"), ((code, str(k.status), k.title) for code, k in CODES.items())),
    }


def rendered(page: str) -> str:
    """The page with every table between its markers made anew."""
    for name, table in tables().items():
        head, found, rest = page.partition(f"<!-- {name} -->\n")
        _, closed, tail = rest.partition(f"<!-- /{name} -->")
        if not (found and closed):
            raise SystemExit(f"{PAGE.name}: the markers of {name} are missing")
        page = f"{head}{found}{table}{closed}{tail}"
    return page


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *((f"`{row[0]}`", *row[1:]) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _yes(retryable: bool) -> str:
    return "yes" if retryable else "no"


def main() -> None:
    """Write the page, or with --check exit 1 if it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    page = PAGE.read_text()
    wanted = rendered(page)
    if check and wanted != page:
        sys.exit("docs/errors-and-retries.md is stale: python docs/generate_errors.py")
    if not check:
        PAGE.write_text(wanted)


if __name__ == "__main__":
    main()
