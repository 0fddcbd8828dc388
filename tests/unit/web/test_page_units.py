"""The page's own tests and types, so that one command runs all."""

import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[3] / "web"


@pytest.mark.parametrize("command", ["test", "check"])
def test_page(command: str) -> None:
    if not (WEB / "node_modules/vitest").is_dir():
        pytest.skip("npm packages are not installed (make install)")
    done = subprocess.run(["npm", "run", "--silent", command], cwd=WEB, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_lock_file_names_no_host() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()
