"""Clips of noise with every frame, as somebody would fill the disk: against a quota, and against a small real disk."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg
import pytest
from tests.faults.checks import Report
from tests.faults.test_storage import small_disk
from tests.support.pipeline import Site, job, make_site, ok, upload, wait_done
from tests.support.private_stack import PrivateStack, until

from tablewatch_schemas import keys

pytestmark = [pytest.mark.timeout(1200), pytest.mark.usefixtures("shared_stack_stopped")]
DISK_MB = 300
QUOTA = 60_000_000
EVERY_FRAME = {"sampling": {"mode": "all", "every_ms": None}, "make": ["frames"]}
NOISE = "color=gray:s=1280x720:r=25:d=8,noise=alls=100"
BLACK = "color=black:s=1280x720:r=25:d=2"


def make_noise(folder: Path, name: str, source: str) -> Path:
    """A few MB of a picture of noise that stands still: each of its frames takes 0.8 MB as a JPEG."""
    path = folder / name
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", source]
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-qp", "20", "-g", "250"]
    subprocess.run([*command, *codec, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def stored(disk: Path, site: Site) -> int:
    """Bytes of frames of the site that are really on the disk."""
    return sum(path.stat().st_size for path in (disk / "frames" / site.site_id).rglob("*") if path.is_file())


def usage(client: httpx.Client, site: Site) -> dict[str, Any]:
    return dict(ok(client.get(f"/v1/sites/{site.site_id}/usage"))["pictures"])


def free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_frsize


@contextmanager
def ballast(disk: Path, leave: int) -> Iterator[None]:
    """A file that leaves so many bytes free."""
    path = disk / f".ballast-{leave}"
    with path.open("wb") as file:
        for _ in range((free(disk) - leave) // 1_000_000):
            file.write(b"\0" * 1_000_000)
    try:
        yield
    finally:
        path.unlink()


def test_noise_is_held_to_the_quota_and_waits_for_a_full_disk(
    tmp_path: Path, layout: dict[str, Any], clip: Path, report: Report
) -> None:
    disk = tmp_path / "disk"
    settings = {"OBJECTS_DIR": str(disk), "SITE_PICTURE_BYTES": str(QUOTA)}
    stack = PrivateStack(tmp_path / "home", settings=settings)
    with small_disk(disk, DISK_MB):
        try:
            with stack.start().client() as client:
                hold_to_the_quota(client, stack, disk, layout, clip, report)
        finally:
            stack.stop_if_up()


def hold_to_the_quota(
    client: httpx.Client, stack: PrivateStack, disk: Path, layout: dict[str, Any], clip: Path, report: Report
) -> None:
    noise = make_noise(disk.parent, "noise.mp4", NOISE)
    hidden = make_noise(disk.parent, "hidden.mp4", f"{BLACK}[a];{NOISE}[b];[a][b]concat=n=2")
    attacker, neighbour = make_site(client, layout), make_site(client, layout)
    refused = upload(client, attacker, noise, **EVERY_FRAME)
    stopped = upload(client, attacker, hidden, **EVERY_FRAME)
    beside = upload(client, neighbour, clip, make=["frames"], sampling={"mode": "cadence", "every_ms": 5000})
    for each in (refused, stopped):
        error = wait_done(client, each["video_id"])["error"]
        assert (error["code"], error["retryable"]) == ("site_storage_full", True)
    assert wait_done(client, beside["video_id"])["status"] == "done"
    on_disk = stored(disk, attacker)
    assert not list((disk / keys.frames_prefix(attacker.site_id, refused["run_id"])).glob("*")), "refused by its survey"
    assert 0 < on_disk <= QUOTA
    until(lambda: True if usage(client, attacker)["frames_bytes"] == on_disk else None, 90, "the exact count")
    sent = noise.stat().st_size + hidden.stat().st_size
    report(f"{sent / 1e6:.1f} MB of noise, every frame, quota {QUOTA / 1e6:.0f} MB: {on_disk / 1e6:.1f} MB stored")

    quota = {"original_bytes": None, "picture_bytes": 10**12}
    ok(client.put(f"/v1/sites/{attacker.site_id}/quota", json=quota))
    wait_at_the_floor(client, stack, disk, attacker, stopped, report)

    ok(client.delete(f"/v1/videos/{stopped['video_id']}"))
    ok(client.delete(f"/v1/videos/{refused['video_id']}"))
    until(lambda: True if stored(disk, attacker) == 0 else None, 60, "the deletion")
    assert usage(client, attacker)["used_bytes"] == 0


def wait_at_the_floor(
    client: httpx.Client, stack: PrivateStack, disk: Path, site: Site, stopped: dict[str, Any], report: Report
) -> None:
    """With room for some hundred frames more the run waits for space, and is done when there is some."""
    floor = DISK_MB * 1024 * 1024 // 20

    def says_that_it_waits() -> bool | None:
        waiting = job(client, stopped["video_id"])["waiting"]
        return True if waiting is not None and waiting["code"] == "store_full" else None

    with ballast(disk, leave=floor + 60_000_000):
        until(lambda: _retried(client, stopped), 30, "the retry")
        until(says_that_it_waits, 120, "waiting")
        left = free(disk)
        assert left > floor - 3_000_000, "two workers, and what they were writing"
        until(lambda: _says_full(stack, "extractor"), 60, "the extractor naming the store")
        assert free(disk) > left - 1_000_000, "nothing is written while it waits"
        with ballast(disk, leave=floor - 3_000_000):
            until(lambda: _says_full(stack, "ingest"), 60, "ingest naming the store")
            assert httpx.get(f"{stack.run()['ops_urls']['api']}/readyz").is_success, "videos can be deleted"
            refusal = client.post("/v1/videos", json={"camera_id": site.camera_id})
            assert (refusal.status_code, refusal.json()["cause"]) == (503, "store_full")
    assert wait_done(client, stopped["video_id"])["status"] == "done"
    report(f"small disk, floor {floor / 1e6:.1f} MB: extraction waits with {left / 1e6:.1f} MB free, and is done after")


def _says_full(stack: PrivateStack, name: str) -> bool | None:
    complaints = httpx.get(f"{stack.run()['ops_urls'][name]}/readyz").json()["complaints"]
    return True if complaints.get("store", "").startswith("store_full") else None


def _retried(client: httpx.Client, stopped: dict[str, Any]) -> bool | None:
    """The limit reaches the extractor by a topic; before, the run fails once more."""
    if job(client, stopped["video_id"])["status"] == "failed":
        client.post(f"/v1/videos/{stopped['video_id']}/retry")
        time.sleep(2)
    return True if job(client, stopped["video_id"])["status"] != "failed" else None
