"""What a running stack said of the demo's newest run: the registry by the API, the facts by the topics themselves."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from restaurant.score import Alarm, Said
from tablewatch_schemas import HazardAlert, TableState, decode, to_ms


class NotThere(Exception):
    """There is no stack, no demo video or nothing of it yet; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the demo clip. ``start_ms`` is the capture time of media time 0; ``labels`` is table_id -> label."""

    video_id: str
    run_id: str
    start_ms: int
    labels: Mapping[str, str]


def stack(home: Path) -> dict[str, Any]:
    """run.json of the stack that is up."""
    path = home / "run.json"
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise NotThere(f"no stack is up: {path} cannot be read ({error})") from error
    if not isinstance(content, dict):
        raise NotThere(f"{path} is not a stack's run.json")
    return content


async def done_run(up: Mapping[str, Any], video_id: str | None = None) -> Run:
    """The newest done video of the demo camera, or the one named. Raises NotThere."""
    headers = {"authorization": f"Bearer {up['key']}"}
    async with httpx.AsyncClient(base_url=up["api_url"], headers=headers, timeout=30) as api:
        if video_id is None:
            videos = (await _get(api, f"/v1/videos?camera_id={up['camera_id']}&limit=100"))["items"]
        else:
            videos = [await _get(api, f"/v1/videos/{video_id}")]
        done = next((video for video in videos if video["status"] == "done"), None)
        if done is None:
            raise NotThere("no such video is done yet: " + _stages(videos))
        frames = await _get(api, f"/v1/videos/{done['video_id']}/frames?limit=1")
        if not frames["items"]:
            raise NotThere(f"video {done['video_id']} has no frames")
        layout = await _get(api, f"/v1/cameras/{done['camera_id']}/layout")
    first = frames["items"][0]
    start_ms = to_ms(datetime.fromisoformat(first["captured_at"])) - int(first["media_ms"])
    labels = {table["table_id"]: table["label"] for table in layout["tables"]}
    return Run(done["video_id"], done["run_id"], start_ms, labels)


async def tables(bootstrap: str, run: Run) -> dict[str, list[Said]]:
    """What table.state said of the run, by table label, in order of version."""
    said: dict[str, list[Said]] = defaultdict(list)
    async for event in _events(bootstrap, "table.state"):
        if isinstance(event, TableState) and event.run_id == run.run_id and event.table_id in run.labels:
            since, as_of, until = (to_ms(at) - run.start_ms for at in (event.since, event.as_of, event.expires_at))
            said[run.labels[event.table_id]].append(Said(event.version, event.state, since, as_of, until))
    return {label: sorted(records, key=lambda record: record.version) for label, records in said.items()}


async def alarms(bootstrap: str, run: Run) -> list[Alarm]:
    """The alerts of the run, each by its first record."""
    first: dict[str, Alarm] = {}
    async for event in _events(bootstrap, "hazard.alert"):
        if isinstance(event, HazardAlert) and event.run_id == run.run_id and event.kind != "none":
            box = None if event.box is None else (event.box[0], event.box[1], event.box[2], event.box[3])
            opened, told = to_ms(event.opened_at) - run.start_ms, to_ms(event.as_of) - run.start_ms
            first.setdefault(event.hazard_id, Alarm(event.hazard_id, event.kind, box, opened, told))
    return list(first.values())


async def _events(bootstrap: str, topic: str) -> AsyncIterator[Any]:
    """Every event of a topic from its start to its present end; no group, so nothing of the stack is disturbed."""
    # subscribed by name, because a consumer without topics has no metadata to find their partitions in; from the
    # earliest, because the answer about the latest may come after the seek and undo it
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        parts = sorted(consumer.assignment())
        if not parts:
            raise NotThere(f"there is no topic {topic}")
        ends: dict[TopicPartition, int] = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    yield decode(topic, record.key, record.value, record.headers).event
    finally:
        await consumer.stop()


async def _get(api: httpx.AsyncClient, path: str) -> Any:
    try:
        response = await api.get(path)
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise NotThere(f"GET {path}: {error}") from error
    return response.json()


def _stages(videos: list[dict[str, Any]]) -> str:
    return (
        ", ".join(f"{video['video_id']} {video['status']} {video['progress']} %" for video in videos[:3]) or "no video"
    )
