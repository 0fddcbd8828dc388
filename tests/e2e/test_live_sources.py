"""Cameras that are no RTSP, from their registration to the states of their tables."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.demo_cameras import DemoStream
from tests.support.http_cameras import HttpCamera
from tests.support.pipeline import make_site, ok, read_topics
from tests.support.private_stack import PrivateStack, until

pytestmark = pytest.mark.timeout(600)

EXPECTED = {"1": "occupied", "2": "occupied", "3": "free"}


def clocks(stack: PrivateStack, camera_id: str) -> set[str]:
    """Where the times of a camera's frames came from."""
    frames = [json.loads(each.value or b"{}") for each in read_topics(stack, "frame.extracted")]
    return {each["captured_at_source"] for each in frames if each["camera_id"] == camera_id}


def test_states_come_of_hls_and_of_snapshots(
    stack: PrivateStack, client: httpx.Client, layout: dict[str, Any], demo_files: Path, http_cameras: HttpCamera
) -> None:
    DemoStream(demo_files / "clip.mp4").on(http_cameras)
    sources = {"playlist": ("hls", "/live.m3u8"), "receipt": ("snapshot", "/snap.jpg")}
    sites = {}
    for clock, (kind, path) in sources.items():
        sites[clock] = site = make_site(client, layout)
        source = {"type": kind, "address": http_cameras.address(path)}
        ok(client.patch(f"/v1/cameras/{site.camera_id}", json={"source": source, "cadence_ms": 1000}))
    for clock, site in sites.items():

        def expected(camera_id: str = site.camera_id, labels: dict[str, str] = site.labels) -> list[Any] | None:
            found = ok(client.get("/v1/states", params={"camera_id": camera_id}))["items"]
            states = {labels[each["table_id"]]: each["state"] for each in found}
            return found if EXPECTED.items() <= states.items() else None

        until(expected, 180, f"the states of the camera with the clock {clock}: {EXPECTED}")
        camera = ok(client.get(f"/v1/cameras/{site.camera_id}"))
        assert camera["status"]["status"] == "live"
        assert clocks(stack, site.camera_id) == {clock}
        ok(client.delete(f"/v1/cameras/{site.camera_id}"))
