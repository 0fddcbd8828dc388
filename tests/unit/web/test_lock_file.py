"""The lock file of the page's packages: any registry may serve them."""

from pathlib import Path

WEB = Path(__file__).resolve().parents[3] / "web"


def test_lock_file_names_no_host() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()
