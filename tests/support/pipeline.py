"""A video through a running stack by the public API, and the records that it left on the topics."""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from tests.support.private_stack import PrivateStack, until

from tablewatch_schemas import TOPICS, TableState, decode

RUN_S = 240
Records = list["ConsumerRecord[bytes, bytes]"]


@dataclass(frozen=True)
class Site:
    """A site with one camera; `labels` are those of its tables by `table_id`."""

    site_id: str
    camera_id: str
    labels: dict[str, str]


def ok(response: httpx.Response) -> Any:
    """The document of a response that is no error."""
    assert response.is_success, f"{response.request.method} {response.url}: {response.status_code} {response.text}"
    return response.json() if response.content else None


def make_site(client: httpx.Client, layout: dict[str, Any]) -> Site:
    """A new site with a camera and a layout."""
    site = ok(client.post("/v1/sites", json={"name": "Test"}))
    camera = ok(client.post("/v1/cameras", json={"site_id": site["site_id"], "name": "Test camera"}))
    made = ok(client.put(f"/v1/cameras/{camera['camera_id']}/layout", json=layout))
    labels = {table["table_id"]: table["label"] for table in made["tables"]}
    return Site(site["site_id"], camera["camera_id"], labels)


def upload(client: httpx.Client, site: Site, clip: Path, **asked: Any) -> dict[str, Any]:
    """Announce a clip and send it in one request; the job document of the announcement."""
    body = {"camera_id": site.camera_id, "sampling": {"mode": "cadence", "every_ms": 1000}, "filename": clip.name}
    job: dict[str, Any] = ok(client.post("/v1/videos", json=body | asked))
    headers = {"Authorization": f"Bearer {job['upload']['token']}", "Content-Type": "video/mp4"}
    ok(client.post(job["upload"]["content_url"], content=clip.read_bytes(), headers=headers))
    return job


def job(client: httpx.Client, video_id: str) -> dict[str, Any]:
    """The job document now."""
    return dict(ok(client.get(f"/v1/videos/{video_id}/job")))


def wait_done(client: httpx.Client, video_id: str, timeout_s: float = RUN_S) -> dict[str, Any]:
    """The job document once the run has ended, however it ended."""

    def ended() -> dict[str, Any] | None:
        # the api, or the database behind it, may be the part that was killed
        try:
            response = client.get(f"/v1/videos/{video_id}/job")
        except httpx.TransportError:
            return None
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return None
        now: dict[str, Any] = ok(response)
        return now if now["status"] in {"done", "failed", "cancelled"} else None

    return until(ended, timeout_s, f"the end of {video_id}")


def read_topics(stack: PrivateStack, *topics: str) -> Records:
    """Every record of the topics (all of the contracts by default) from the start to the present end."""
    return asyncio.run(_read(stack.run()["kafka_bootstrap"], topics or tuple(TOPICS)))


async def _read(bootstrap: str, topics: tuple[str, ...]) -> Records:
    records: Records = []
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    async with consumer:
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for batch in (await consumer.getmany(partition, timeout_ms=500)).values():
                    records.extend(batch)
    return records


def of_run(records: Records, run_id: str) -> Records:
    """Those of one run."""
    return [record for record in records if run_of(record) == run_id]


def run_of(record: "ConsumerRecord[bytes, bytes]") -> str | None:
    """The `run_id` in the value of a record; None also where the value is no JSON object."""
    try:
        document = json.loads(record.value or b"null")
    except ValueError:
        return None
    return document.get("run_id") if isinstance(document, dict) else None


def event_id(record: "ConsumerRecord[bytes, bytes]") -> str:
    """The CloudEvents id of a record."""
    return str(dict(record.headers)["ce_id"], "utf-8")


def states(records: Records, site: Site) -> dict[str, list[TableState]]:
    """table.state by table label, in order of version, each version once."""
    found: dict[str, dict[int, TableState]] = defaultdict(dict)
    for record in records:
        if record.topic != "table.state":
            continue
        event = decode(record.topic, record.key, record.value, record.headers).event
        assert isinstance(event, TableState)
        found[site.labels[event.table_id]][event.version] = event
    return {label: [by[number] for number in sorted(by)] for label, by in found.items()}
