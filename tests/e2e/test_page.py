"""The page in a real browser, against the private stack."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline import Site, make_site
from tests.support.private_stack import REPO, PrivateStack
from tests.support.side_by_side import BESIDE

pytestmark = [pytest.mark.timeout(600), BESIDE]


def test_a_person_signs_in_uploads_and_sees_tables(
    stack: PrivateStack, site: Site, demo_files: Path, tmp_path: Path
) -> None:
    node = shutil.which("node")
    assert node, "the README asks for Node"
    run = stack.run()
    words = ["--url", run["api_url"], "--key", run["key"], "--site", site.site_id]
    words += ["--clip", str(demo_files / "clip.mp4"), "--out", str(tmp_path)]
    seen = subprocess.run(
        [node, "e2e/page.spec.mjs", *words], cwd=REPO / "web", capture_output=True, text=True, timeout=540, check=False
    )
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert list(tmp_path.rglob("*.png")), "no screenshots"


def test_eight_tabs_follow_a_site_over_one_connection(stack: PrivateStack, layout: dict[str, Any]) -> None:
    """It renames its site, so it has one of its own."""
    node = shutil.which("node")
    assert node, "the README asks for Node"
    run = stack.run()
    with stack.client() as client:
        words = ["--url", run["api_url"], "--key", run["key"], "--site", make_site(client, layout).site_id]
    words += ["--metrics", run["ops_urls"]["api"]]
    seen = subprocess.run(
        [node, "e2e/tabs.spec.mjs", *words], cwd=REPO / "web", capture_output=True, text=True, timeout=240, check=False
    )
    assert seen.returncode == 0, seen.stdout + seen.stderr
