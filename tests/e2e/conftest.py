"""One whole private stack for all end-to-end tests, down before the next package begins, and the demo's clip."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.demo_cameras import served
from tests.support.http_cameras import HttpCamera
from tests.support.pipeline import Site, make_site, upload, wait_done
from tests.support.private_stack import REPO, PrivateStack


@pytest.fixture(scope="session")
def demo_files() -> Path:
    """Folder of the demo's clip.mp4, layout.json and truth.json, made when they are not there."""
    local = REPO / ".local"
    subprocess.run([sys.executable, REPO / "deploy" / "demo" / "make.py", "--home", local], check=True)
    return local / "demo"


@pytest.fixture(scope="session")
def layout(demo_files: Path) -> dict[str, Any]:
    """The demo's layout."""
    return dict(json.loads((demo_files / "layout.json").read_text()))


@pytest.fixture(scope="package")
def http_cameras() -> Iterator[HttpCamera]:
    """Cameras that the stack may read, at whatever paths a test gives them."""
    with served() as camera:
        yield camera


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, http_cameras: HttpCamera) -> Iterator[PrivateStack]:
    """A stack that is up. It logs every record, and has S3 secrets that it does not use, for whoever looks for them."""
    settings = {"LOG_LEVEL": "debug", "S3_ACCESS_KEY": "planted-access-key-1", "S3_SECRET_KEY": "planted-secret-key-1"}
    private = PrivateStack(tmp_path_factory.mktemp("stack") / "home", settings=settings)
    settings["CAMERA_ADDRESSES"] = f"127.0.0.1:{private.camera_port},127.0.0.1:{http_cameras.port}"
    try:
        yield private.start()
    finally:
        private.stop_if_up()


@pytest.fixture
def client(stack: PrivateStack) -> Iterator[httpx.Client]:
    """The API, with the admin key."""
    with stack.client() as client:
        yield client


@pytest.fixture(scope="package")
def site(stack: PrivateStack, layout: dict[str, Any]) -> Site:
    """A site with the demo's camera."""
    with stack.client() as client:
        return make_site(client, layout)


@pytest.fixture(scope="package")
def finished(stack: PrivateStack, site: Site, demo_files: Path) -> dict[str, Any]:
    """The job document of the demo's clip after its run."""
    with stack.client() as client:
        video = upload(client, site, demo_files / "clip.mp4", make=["frames", "tables", "hazards"])
        return wait_done(client, video["video_id"])
