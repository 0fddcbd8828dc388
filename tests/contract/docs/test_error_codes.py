"""docs/errors-and-retries.md is what the code says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_page_of_codes_is_current() -> None:
    checked = subprocess.run(
        [sys.executable, "docs/generate_errors.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_the_table_of_metrics_is_current() -> None:
    checked = subprocess.run(
        [sys.executable, "docs/generate_metrics.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
