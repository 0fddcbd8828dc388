"""Reads the newest run of the demo: the video and the layout from the API, states and alerts from the topics."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from restaurant.score import Alert, StateRecord
from tablewatch_schemas import ContractError, HazardAlert, TableState, decode, to_ms


class NotThere(Exception):
    """There is no stack, no demo video or nothing of it yet; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the demo clip. ``start_ms`` is the capture time of media time 0; ``labels`` is table_id -> label."""

    video_id: str
    run_id: str
    start_ms: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of the clip on the live camera; its states have no run."""

    start_ms: int
    labels: Mapping[str, str]
    run_id: None = None


SETTLE_MS = 10_000
"""For the states of the first look, and of the last frame."""


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


async def tables(bootstrap: str, run: Run | Round) -> dict[str, list[StateRecord]]:
    """The table.state records of a run, or of a round of the live camera, by table label, in order of version."""
    found: dict[str, list[StateRecord]] = defaultdict(list)
    async for event in _events(bootstrap, "table.state"):
        if isinstance(event, TableState) and event.run_id == run.run_id and event.table_id in run.labels:
            since, as_of, until = (to_ms(at) - run.start_ms for at in (event.since, event.as_of, event.expires_at))
            found[run.labels[event.table_id]].append(StateRecord(event.version, event.state, since, as_of, until))
    return {label: sorted(records, key=lambda record: record.version) for label, records in found.items()}


async def last_round(up: Mapping[str, Any], run: Run, length_ms: int, now_ms: int) -> Round:
    """The newest round that the live camera has shown whole since it was live. Raises NotThere.

    The film goes on by the time of day: a round begins whenever Unix time is a multiple of its length.
    """
    headers = {"authorization": f"Bearer {up['key']}"}
    async with httpx.AsyncClient(base_url=up["api_url"], headers=headers, timeout=30) as api:
        camera = await _get(api, f"/v1/cameras/{up['camera_id']}")
    status = camera["status"]
    if status is None or status["status"] != "live":
        raise NotThere(f"the demo's camera is not live: {status['reason'] if status else 'nothing is known of it'}")
    start_ms = (now_ms - SETTLE_MS) // length_ms * length_ms - length_ms
    if to_ms(datetime.fromisoformat(status["since"])) + SETTLE_MS > start_ms:
        raise NotThere(f"the demo's camera has not been live for a whole round of {length_ms // 1000} s yet")
    return Round(start_ms, run.labels)


async def alerts(bootstrap: str, run: Run) -> list[Alert]:
    """The alerts of the run, each by its first record."""
    first: dict[str, Alert] = {}
    async for event in _events(bootstrap, "hazard.alert"):
        if isinstance(event, HazardAlert) and event.run_id == run.run_id and event.kind != "none":
            box = None if event.box is None else (event.box[0], event.box[1], event.box[2], event.box[3])
            opened, published = to_ms(event.opened_at) - run.start_ms, to_ms(event.as_of) - run.start_ms
            first.setdefault(event.hazard_id, Alert(event.hazard_id, event.kind, box, opened, published))
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
                    with suppress(ContractError):  # a stranger's record is none of the demo's
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
