"""The limit of open files that the stack runs with."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from stack.files import NEEDED, WANTED, limit_of
from stack.settings import REPO, StackError

INFINITE = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        (256, 4096, 4096), (1024, 1_048_576, WANTED), (256, INFINITE, WANTED), (INFINITE, INFINITE, INFINITE),
        (100_000, 1_048_576, 100_000), (256, NEEDED, NEEDED),
    ],
)  # fmt: skip
def test_it_is_raised_where_that_is_allowed(soft: int, hard: int, expected: int) -> None:
    assert limit_of(soft, hard) == expected


def test_too_few_are_refused_with_the_number_that_is_needed(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=f"is 256, and the stack needs {NEEDED}"):
        limit_of(256, 256)
    line = ["bash", "-c", 'ulimit -n 256 && exec "$@"', "bash", sys.executable, "-m", "stack", "run"]
    environment = {"PYTHONPATH": str(REPO / "deploy" / "local"), "TABLEWATCH_HOME": str(tmp_path), "PATH": "/usr/bin"}
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, f"the stack needs {NEEDED}" in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr
