"""The page in a real browser, against the private stack."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.private_stack import REPO, PrivateStack
from tests.support.road import Place

pytestmark = pytest.mark.timeout(600)


def test_a_person_signs_in_uploads_and_sees_tables(
    stack: PrivateStack, place: Place, demo_files: Path, tmp_path: Path
) -> None:
    node = shutil.which("node")
    assert node, "the README asks for Node"
    run = stack.run()
    words = ["--url", run["api_url"], "--key", run["key"], "--site", place.site_id]
    words += ["--clip", str(demo_files / "clip.mp4"), "--out", str(tmp_path)]
    seen = subprocess.run(
        [node, "e2e/page.spec.mjs", *words], cwd=REPO / "web", capture_output=True, text=True, timeout=540, check=False
    )
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert list(tmp_path.rglob("*.png")), "no screenshots"
