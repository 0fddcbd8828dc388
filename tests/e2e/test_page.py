"""The page in a real browser, against the private stack."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.pipeline import Site, make_site
from tests.support.private_stack import REPO, PrivateStack, until

pytestmark = pytest.mark.timeout(600)


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


def test_ten_tabs_follow_a_site_over_one_connection(stack: PrivateStack, layout: dict[str, Any]) -> None:
    """It renames its site, so it has one of its own."""
    run = stack.run()
    with stack.client() as client:
        words = ["--url", run["api_url"], "--key", run["key"], "--site", make_site(client, layout).site_id]
    in_browser("tabs.spec.mjs", *words, "--metrics", run["ops_urls"]["api"], timeout_s=240)


def test_the_page_goes_on_after_a_session_ended_and_a_connection_was_lost(
    stack: PrivateStack, site: Site, finished: dict[str, Any], tmp_path: Path
) -> None:
    words = ["--run", str(stack.home / "run.json"), "--camera", site.camera_id, "--video", finished["video_id"]]
    in_browser("hard.spec.mjs", *words, "--listen", str(stack.camera_port), "--out", str(tmp_path))


@pytest.fixture
def demo_camera(stack: PrivateStack, demo_files: Path) -> Iterator[str]:
    """Address of the demo's camera, which the stack allows and does not start without the demo."""
    port = str(stack.camera_port)
    command = [sys.executable, "-m", "fakecamera", str(demo_files / "clip.mp4"), "--port", port]
    env = os.environ | {"PYTHONPATH": str(REPO / "deploy" / "demo")}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as camera:
        try:
            until(lambda: answers(int(port)), 60, "the start of the camera")
            yield f"rtsp://127.0.0.1:{port}/demo"
        finally:
            camera.terminate()


def answers(port: int) -> bool | None:
    """True, or None while nobody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return None
    return True


def test_a_camera_comes_from_its_address_to_live(
    stack: PrivateStack, layout: dict[str, Any], demo_camera: str, tmp_path: Path
) -> None:
    run = stack.run()
    with stack.client() as client:
        words = ["--url", run["api_url"], "--key", run["key"], "--site", make_site(client, layout).site_id]
    in_browser("camera.spec.mjs", *words, "--address", demo_camera, "--out", str(tmp_path), timeout_s=300)
    assert list(tmp_path.rglob("*.png")), "no screenshots"
