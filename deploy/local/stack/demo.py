"""The demo: a site with a camera and a layout, and a clip uploaded through the public API, as any user would."""

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

from stack.errors import StackError
from stack.home import write_private
from stack.lines import Lines
from stack.settings import REPO
from stack.supervisor import Supervisor
from stack.watch import follow

_OURS = shutil.ignore_patterns("place.json", "upload.json")

MAKE = REPO / "deploy" / "demo" / "make.py"
MADE = REPO / ".local"  # made once per working copy, whatever the home
EVERY_MS = 1000


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the demo made in the registry; kept in HOME/demo/place.json for the next start."""

    site_id: str
    camera_id: str
    layout_sha256: str
    names: dict[str, str]


async def show(supervisor: Supervisor, filmed: asyncio.Task[Path] | None) -> None:
    """Write run.json, print address and key, upload the clip, then a line per event until cancelled."""
    key = supervisor.secrets["api_key"]
    uploaded = supervisor.settings.home / "demo" / "upload.json"
    uploaded.unlink(missing_ok=True)
    supervisor.console.line(f"\n  address  {supervisor.api_url}\n  key      {key}\n\n  Ctrl-C stops everything.\n")
    place: Place | None = None
    async with httpx.AsyncClient(
        base_url=supervisor.api_url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
    ) as client:
        if filmed:
            clip = await filmed
            place = await prepare(client, clip.parent)
        supervisor.tell(key=key, **({"site_id": place.site_id, "camera_id": place.camera_id} if place else {}))
        started = asyncio.Event()
        lines = Lines(place.names if place else {})
        following = asyncio.create_task(follow(supervisor.kafka_bootstrap, lines, supervisor.console.line, started))
        try:
            if place:
                await started.wait()
                job = await upload(client, place, await asyncio.to_thread(clip.read_bytes))
                run = {"video_id": job["video_id"], "run_id": job["run_id"]}
                _keep(uploaded.parent, uploaded.name, run)
            await following
        finally:
            following.cancel()


def uploaded_video(home: Path, patience_s: float) -> str | None:
    """The video that the running stack uploaded when it started; None when it uploads none (DEMO=0)."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return str(json.loads((home / "demo" / "upload.json").read_text())["video_id"])
        except FileNotFoundError:
            if time.monotonic() > deadline:
                return None
        time.sleep(0.2)


async def prepare(client: httpx.AsyncClient, folder: Path) -> Place:
    """The demo's site and camera: those of an earlier start when the registry still has them, else new ones."""
    layout = await asyncio.to_thread((folder / "layout.json").read_bytes)
    digest = hashlib.sha256(layout).hexdigest()
    kept = folder / "place.json"
    if kept.exists():
        place = Place(**json.loads(kept.read_text()))
        known = await client.get(f"/v1/cameras/{place.camera_id}")
        if known.is_success and place.layout_sha256 == digest:
            return place
    site = await _post(client, "/v1/sites", {"name": "Demo"})
    camera = await _post(client, "/v1/cameras", {"site_id": site["site_id"], "name": "Demo camera"})
    made = _answer(await client.put(f"/v1/cameras/{camera['camera_id']}/layout", json=json.loads(layout)))
    names = {table["table_id"]: table["label"] for table in made["tables"]} | {camera["camera_id"]: "demo camera"}
    place = Place(site_id=site["site_id"], camera_id=camera["camera_id"], layout_sha256=digest, names=names)
    _keep(folder, "place.json", vars(place))
    return place


async def make_clip(folder: Path, say: Callable[[str], None]) -> Path:
    """The demo clip, its layout and its truth in `folder`, made by our own code the first time (about 20 s)."""
    command = [sys.executable, str(MAKE), "--home", str(MADE)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout  # noqa: S101 (asked for, one line up)
    try:
        async for line in process.stdout:
            say(line.decode().strip())
        if await process.wait():
            raise StackError("the demo clip could not be made")
    finally:
        if process.returncode is None:
            process.kill()
    if folder != MADE / "demo":
        await asyncio.to_thread(shutil.copytree, MADE / "demo", folder, dirs_exist_ok=True, ignore=_OURS)
    return folder / "clip.mp4"


async def upload(client: httpx.AsyncClient, place: Place, clip: bytes) -> dict[str, Any]:
    """Announce the clip and send it; the job document."""
    asked = {
        "camera_id": place.camera_id,
        "sampling": {"mode": "cadence", "every_ms": EVERY_MS},
        "make": ["frames", "tables", "hazards"],
        "filename": "demo.mp4",
        "size_bytes": len(clip),
    }
    job = await _post(client, "/v1/videos", asked)
    door = job["upload"]
    sent = await client.post(
        door["content_url"],
        content=clip,
        headers={"Authorization": f"Bearer {door['token']}", "Content-Type": "video/mp4"},
    )
    _answer(sent)
    return job


def _keep(folder: Path, name: str, document: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / name, document)


async def _post(client: httpx.AsyncClient, path: str, document: dict[str, Any]) -> dict[str, Any]:
    return _answer(await client.post(path, json=document))


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise StackError(f"{response.request.method} {response.url} answered {response.status_code}: {response.text}")
    return dict(response.json()) if response.content else {}
