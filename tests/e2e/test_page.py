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


def in_browser(script: str, *words: str, timeout_s: int = 540) -> None:
    """Run a script of `web/e2e`, which ends with 1 and says why where the page is not as it should be."""
    node = shutil.which("node")
    assert node, "the README asks for Node"
    seen = subprocess.run(
        [node, f"e2e/{script}", *words],
        cwd=REPO / "web",
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert seen.returncode == 0, seen.stdout + seen.stderr


def test_a_person_signs_in_uploads_and_sees_tables(
    stack: PrivateStack, site: Site, demo_files: Path, tmp_path: Path
) -> None:
    run = stack.run()
    clip = str(demo_files / "clip.mp4")
    words = ["--url", run["api_url"], "--key", run["key"], "--site", site.site_id, "--clip", clip]
    in_browser("page.spec.mjs", *words, "--out", str(tmp_path))
    assert list(tmp_path.rglob("*.png")), "no screenshots"


def test_every_view_has_an_address_and_is_accessible(
    stack: PrivateStack, site: Site, finished: dict[str, Any], tmp_path: Path
) -> None:
    run = stack.run()
    words = ["--url", run["api_url"], "--key", run["key"], "--site", site.site_id, "--camera", site.camera_id]
    in_browser("views.spec.mjs", *words, "--video", finished["video_id"], "--out", str(tmp_path))
    assert list(tmp_path.rglob("*.png")), "no screenshots"


def test_eight_tabs_follow_a_site_over_one_connection(stack: PrivateStack, layout: dict[str, Any]) -> None:
    """It renames its site, so it has one of its own."""
    run = stack.run()
    with stack.client() as client:
        words = ["--url", run["api_url"], "--key", run["key"], "--site", make_site(client, layout).site_id]
    in_browser("tabs.spec.mjs", *words, "--metrics", run["ops_urls"]["api"], timeout_s=240)
