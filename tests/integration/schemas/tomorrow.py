"""A release of tomorrow: the contracts copied and grown, in a package made by the same generator."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

REPO = Path(__file__).parents[3]
PARTY = {
    "type": "object",
    "description": "Who sits there.",
    "properties": {
        "guests": {"type": "integer", "description": "Guests.", "minimum": 1},
        "seated_at": {"type": "string", "format": "date-time", "description": "Since when. RFC 3339, UTC."},
    },
    "required": ["guests", "seated_at"],
    "additionalProperties": True,
}


def copied(folder: Path) -> Path:
    """The contracts and their tools alone in a folder, as they are in the repository."""
    shutil.copytree(REPO / "schemas", folder / "schemas", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(REPO / "README.md", folder)
    return folder


def grown(folder: Path) -> Path:
    """table.state with an optional field, an optional object, an inner field and a state more; all made again."""
    path = folder / "schemas/table.state/v1.schema.json"
    schema = json.loads(path.read_text())
    fields = schema["properties"]
    fields["mood"] = {"type": "string", "description": "How it looks.", "enum": ["calm", "lively"]}
    fields["party"] = PARTY
    fields["state"]["enum"].append("cleaning")
    fields["table_id"]["maxLength"] = 400
    fields["evidence"]["properties"]["cups"] = {"type": ["integer", "null"], "description": "Cups seen."}
    path.write_text(json.dumps(schema))
    done = command(folder, "schemas/generate.py")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One of the commands of `make lint`, in this copy."""
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True)


def with_package(source: Path, code: str, *words: str) -> list[dict[str, Any]]:
    """Run `code` where `tablewatch_schemas` is the one in `source` and no other; the JSON lines that it prints.

    `-S -E` keeps out this repository's own package, which is installed beside the libraries.
    """
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    begin = f"import sys; sys.path[:0] = {[str(source), *libraries]!r}\n"
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", begin + code, *words], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return _json_lines(done.stdout.splitlines())


def _json_lines(lines: Iterable[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line.startswith("{")]
