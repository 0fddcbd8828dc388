"""Makes everything that follows from `schemas/<topic>/`, or with --check says what is stale.

python schemas/generate.py            write
python schemas/generate.py --check    compare; exit 1 and one line for each stale file
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from schemas.tools import asyncapi, broker, python_events, python_topics, readme, typescript  # noqa: E402
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
    return {
        PACKAGE / "events.py": lambda: formatted(python_events.render(topics)),
        PACKAGE / "topics.py": lambda: formatted(python_topics.render(topics)),
        ROOT / "schemas/asyncapi.yaml": lambda: asyncapi.render(topics),
        ROOT / "deploy/topics.yaml": lambda: broker.render(topics),
        ROOT / "web/src/generated/events.ts": lambda: typescript.render(topics),
        ROOT / "README.md": lambda: readme.render(topics, (ROOT / "README.md").read_text()),
    }


def stale(topics: list[Topic]) -> list[Path]:
    """Generated files whose text is not what the schemas say now."""
    return [path for path, make in outputs(topics).items() if not path.exists() or path.read_text() != make()]


def main() -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; name what is stale")
    check = parser.parse_args().check
    topics = load()
    old = stale(topics)
    for path in old:
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(outputs(topics)[path]())
        print(("stale: " if check else "wrote ") + str(path.relative_to(ROOT)))
    if check and old:
        print("run: python schemas/generate.py")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
