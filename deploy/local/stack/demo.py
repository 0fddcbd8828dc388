"""The demo: a site with a camera and a layout, and a clip uploaded through the public API."""

import asyncio
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from stack import camera
from stack.console import Console
from stack.home import write_private
from stack.keep import keep
from stack.live_lines import Lines, follow
from stack.settings import REPO, StackError
from stack.supervisor import Supervisor

_PER_STACK = shutil.ignore_patterns("place.json", "upload.json")

MAKE = REPO / "deploy" / "demo" / "make.py"
MADE = REPO / ".local"  # made once per working copy, whatever the home
EVERY_MS = 1000


@dataclass(frozen=True, kw_only=True)
class DemoSite:
    """What the demo created in the registry; saved in HOME/demo/place.json for the next start."""

    site_id: str
    camera_id: str
    layout_sha256: str
    names: dict[str, str]


async def show(supervisor: Supervisor, clip_made: asyncio.Task[Path] | None) -> None:
    """Write run.json, print address and key, upload the clip, then a line per event until cancelled."""
    key = supervisor.secrets["api_key"]
    uploaded = supervisor.settings.home / "demo" / "upload.json"
    uploaded.unlink(missing_ok=True)
    supervisor.console.line(f"\n  address  {supervisor.api_url}\n  key      {key}\n\n  Ctrl-C stops everything.\n")
    demo: DemoSite | None = None
    async with httpx.AsyncClient(
        base_url=supervisor.api_url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
    ) as client:
        if clip_made:
            clip = await clip_made
            await supervisor.start_camera(clip)
            demo = await prepare(client, clip.parent, camera.address(supervisor.settings))
        supervisor.write_run_file(key=key, **({"site_id": demo.site_id, "camera_id": demo.camera_id} if demo else {}))
        started = asyncio.Event()
        lines = Lines(demo.names if demo else {})
        console = supervisor.console

        async def print_lines() -> None:
            await follow(supervisor.kafka_bootstrap, lines, console.line, started)

        following = asyncio.create_task(keep("live lines", print_lines, console.event))
        try:
            if demo:
                await started.wait()
                await _upload_once(client, demo, clip, uploaded, console)
            await following
        finally:
            following.cancel()


async def _upload_once(client: httpx.AsyncClient, demo: DemoSite, clip: Path, note: Path, console: Console) -> None:
    """Upload the clip and note its ids. A failure is reported: the stack is there for more than its demo."""
    try:
        job = await upload(client, demo, await asyncio.to_thread(clip.read_bytes))
        _save(note.parent, note.name, {"video_id": job["video_id"], "run_id": job["run_id"]})
    except (StackError, OSError, httpx.HTTPError) as error:
        console.event("demo", f"the clip was not uploaded: {error or repr(error)}")


def uploaded_video(home: Path, timeout_s: float) -> str | None:
    """The video that the running stack uploaded at its start; None when none came within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return str(json.loads((home / "demo" / "upload.json").read_text())["video_id"])
        except FileNotFoundError:
            if time.monotonic() > deadline:
                return None
        time.sleep(0.2)


async def prepare(client: httpx.AsyncClient, folder: Path, address: str) -> DemoSite:
    """The demo's site and camera: those of an earlier start when the registry still has them, else new ones.

    The camera is live at `address`; the clip is uploaded for it, too.
    """
    source = {"source": {"type": "rtsp", "address": address}, "cadence_ms": EVERY_MS}
    layout = await asyncio.to_thread((folder / "layout.json").read_bytes)
    digest = hashlib.sha256(layout).hexdigest()
    saved = folder / "place.json"
    if saved.exists():
        demo = DemoSite(**json.loads(saved.read_text()))
        known = await client.get(f"/v1/cameras/{demo.camera_id}")
        if known.is_success and demo.layout_sha256 == digest:
            _checked(await client.patch(f"/v1/cameras/{demo.camera_id}", json=source))
            return demo
    site = await _post(client, "/v1/sites", {"name": "Demo"})
    named = {"site_id": site["site_id"], "name": "Demo camera"}
    camera_id = (await _post(client, "/v1/cameras", named | source))["camera_id"]
    made = _checked(await client.put(f"/v1/cameras/{camera_id}/layout", json=json.loads(layout)))
    names = {table["table_id"]: table["label"] for table in made["tables"]} | {camera_id: "demo camera"}
    demo = DemoSite(site_id=site["site_id"], camera_id=camera_id, layout_sha256=digest, names=names)
    _save(folder, "place.json", vars(demo))
    return demo


async def make_clip(folder: Path, report: Callable[[str], None]) -> Path:
    """The demo clip, its layout and its truth in `folder`, made by our own code the first time (about 20 s)."""
    command = [sys.executable, str(MAKE), "--home", str(MADE)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout  # noqa: S101 (asked for, one line up)
    try:
        async for line in process.stdout:
            report(line.decode().strip())
        if await process.wait():
            raise StackError("the demo clip could not be made")
    finally:
        if process.returncode is None:
            process.kill()
    if folder != MADE / "demo":
        await asyncio.to_thread(shutil.copytree, MADE / "demo", folder, dirs_exist_ok=True, ignore=_PER_STACK)
    return folder / "clip.mp4"


async def upload(client: httpx.AsyncClient, demo: DemoSite, clip: bytes) -> dict[str, Any]:
    """Create the video and upload the clip; returns the job document. Raises StackError."""
    asked = {
        "camera_id": demo.camera_id,
        "sampling": {"mode": "cadence", "every_ms": EVERY_MS},
        "make": ["frames", "tables", "hazards"],
        "filename": "demo.mp4",
        "size_bytes": len(clip),
    }
    job = await _post(client, "/v1/videos", asked)
    target = job["upload"]
    sent = await client.post(
        target["content_url"],
        content=clip,
        headers={"Authorization": f"Bearer {target['token']}", "Content-Type": "video/mp4"},
    )
    _checked(sent)
    return job


def _save(folder: Path, name: str, document: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / name, document)


async def _post(client: httpx.AsyncClient, path: str, document: dict[str, Any]) -> dict[str, Any]:
    return _checked(await client.post(path, json=document))


def _checked(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise StackError(f"{response.request.method} {response.url} answered {response.status_code}: {response.text}")
    return dict(response.json()) if response.content else {}
