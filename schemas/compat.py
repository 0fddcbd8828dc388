"""Compares the schemas with what was released, and names what would break a reader or a writer of before.

    python schemas/compat.py              compare; exit 1 and one line for each break
    python schemas/compat.py --release    record the current schemas as released

Released contracts stand in `schemas/<topic>/released/v1.json`. Additive changes pass: a new optional field, a new enum
value (readers tolerate those), a wider limit. What breaks needs a new major version:
a `v2.schema.json` and another ce_type.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

SCHEMAS = Path(__file__).resolve().parent
sys.path.insert(0, str(SCHEMAS.parent))

from schemas.tools.compare import compare  # noqa: E402

# The members of topic.yaml that a consumer relies on.
FIXED = ("topic", "title", "key", "identity", "lane", "cleanup", "version_field")


def contract(folder: Path) -> dict[str, Any]:
    """The part of a topic's folder that consumers rely on."""
    about = yaml.safe_load((folder / "topic.yaml").read_text())
    schema = json.loads((folder / "v1.schema.json").read_text())
    return {"topic": {name: about[name] for name in FIXED}, "draft": about["draft"], "schema": schema}


def breaks(root: Path = SCHEMAS) -> list[str]:
    """`topic: field: what broke` for each break since the release; drafts may still change."""
    found: list[str] = []
    for path in sorted(root.glob("*/released/v1.json")):
        released = json.loads(path.read_text())
        folder = path.parents[1]
        if released["draft"]:
            continue
        if not (folder / "topic.yaml").exists():
            found.append(f"{folder.name}: the topic is gone")
        else:
            found += [f"{folder.name}: {each}" for each in compare(released, contract(folder))]
    return found


def release(root: Path = SCHEMAS) -> None:
    """Records the current contracts as released."""
    for path in sorted(root.glob("*/topic.yaml")):
        target = path.parent / "released/v1.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(contract(path.parent), indent=1, ensure_ascii=False) + "\n")


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="store_true", help="record the current schemas as released")
    if parser.parse_args().release:
        release()
        return 0
    found = breaks()
    print("\n".join(found) or "no breaking change since the release")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
