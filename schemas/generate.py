"""Generates everything that follows from `schemas/<topic>/`; with --check names what is stale.

python schemas/generate.py            write
python schemas/generate.py --check    compare; exit 1 and one line for each stale file
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from schemas.tools import asyncapi, broker, examples, python_events, python_topics, readme, typescript, wheel  # noqa: E402
from schemas.tools.model import Topic, load  # noqa: E402

PACKAGE = ROOT / "schemas/src/tablewatch_schemas"


def formatted(source: str) -> str:
    """Python source as ruff formats it, so that the generated files pass the same checks as the others."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", "made.py", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


def outputs(topics: list[Topic]) -> dict[Path, Callable[[], str]]:
    """Each generated file and what makes its text."""
    completed = {
        path: partial(examples.render, topic, name) for topic in topics for path, name in examples.paths(topic).items()
    }
    return {
        **completed,
        PACKAGE / "events.py": lambda: formatted(python_events.render(topics)),
        PACKAGE / "topics.py": lambda: formatted(python_topics.render(topics)),
        ROOT / "schemas/asyncapi.yaml": lambda: asyncapi.render(topics),
        ROOT / "deploy/topics.yaml": lambda: broker.render(topics),
        ROOT / "web/src/generated/events.ts": lambda: typescript.render(topics),
        ROOT / "schemas/pyproject.toml": lambda: wheel.render(topics, (ROOT / "schemas/pyproject.toml").read_text()),
        ROOT / "README.md": lambda: readme.render(topics, (ROOT / "README.md").read_text()),
    }


def stale(topics: list[Topic]) -> list[Path]:
    """Generated files whose text differs from what the schemas give now."""
    return [path for path, make in outputs(topics).items() if not path.exists() or path.read_text() != make()]


def write() -> None:
    """Write what is stale; twice, as a completed example is part of other files."""
    for _ in range(2):
        topics = load()
        for path in stale(topics):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(outputs(topics)[path]())


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale")
    check = parser.parse_args().check
    old = stale(load())
    for path in old:
        print(("stale: " if check else "write ") + str(path.relative_to(ROOT)))
    if check and old:
        print("run: python schemas/generate.py")
    if not check:
        write()
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
