"""Everything that ingest publishes is valid by its schema; every example of a command is understood."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.doubles import ManualClock

from chassis.consume import Invalid
from chassis.records import Record
from ingest import events
from ingest.admission.facts import Video
from ingest.refusals import REFUSALS
from ingest.store.partial_file import partial_path
from ingest.store.uploads import Status, Upload
from ingest.upload.commands import Commands
from objects.testing import MemoryObjects
from tablewatch_schemas import VideoRejected, VideoUploaded, decode, keys
from tablewatch_schemas.manifest import Picture, RunSpec, Sampling

NOW = datetime(2026, 11, 23, 9, 0, 0, 123_000, tzinfo=UTC)
EXAMPLES = sorted((Path(__file__).parents[3] / "schemas/video.command/examples/v1").glob("*.json"))
SITE_EXAMPLES = sorted((Path(__file__).parents[3] / "schemas/site.config/examples/v1").glob("*.json"))
VIDEO = Video(
    container="mp4",
    codec="h264",
    width=1920,
    height=1080,
    rotation_degrees=270,
    duration_ms=61_234,
    fps=29.97,
    created_at=datetime(2026, 11, 22, 20, 0, tzinfo=UTC),
)


def upload(**changes: Any) -> Upload:
    run = RunSpec(
        run_id="run_1",
        video_id="vid_1",
        site_id="site_1",
        camera_id="cam_1",
        layout_key="layouts/site_1/cam_1/3.json",
        sampling=Sampling(mode="cadence", every_ms=1000),
        make=("frames", "tables"),
        started_at=None,
    )
    row: dict[str, Any] = {
        "run": replace(run, **changes),
        "max_bytes": 100,
        "max_duration_ms": 100,
        "metadata": "",
        "length": 17,
        "status": "received",
        "size_bytes": 17,
        "sha256": None,
        "code": None,
        "expires_at": NOW,
        "received_at": NOW,
    }
    return Upload(**row)


def read(encoded: Any) -> Any:
    return decode(encoded.topic, encoded.key, encoded.value, encoded.headers)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"camera_id": None, "layout_key": None, "make": ("frames",)},
        {"sampling": Sampling(mode="all")},
        {"started_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"make": ()},
        {"picture": Picture(format="png", long_side=1280)},
    ],
)
def test_uploaded(changes: dict[str, Any]) -> None:
    row = upload(**changes)
    encoded = events.video_uploaded_event(row, VIDEO, "0" * 64, NOW)
    received = read(encoded)
    assert isinstance(received.event, VideoUploaded)
    assert (encoded.lane, encoded.key) == ("run", b"vid_1")
    assert received.event.object_key == "originals/site_1/vid_1/source.bin"
    assert received.event.started_at == (row.run.started_at or VIDEO.created_at)
    assert received.event.make == row.run.make
    assert received.event.manifest_key == "manifests/site_1/run_1.json"


def test_the_same_upload_told_again_has_the_same_id_and_content() -> None:
    first, again = (events.video_uploaded_event(upload(), VIDEO, "0" * 64, NOW) for _ in range(2))
    assert (first.value, read(first).id) == (again.value, read(again).id)


@pytest.mark.parametrize("code", [code for code, refusal in REFUSALS.items() if refusal.final])
def test_rejected(code: str) -> None:
    received = read(events.video_rejected_event(upload(), REFUSALS[code]("It is 4000 x 3000."), None, NOW))
    assert isinstance(received.event, VideoRejected)
    assert (received.event.code, received.event.retryable) == (code, REFUSALS[code].retryable)
    assert received.event.reason == f"{REFUSALS[code].sentence} It is 4000 x 3000."


class Withdrawn:
    """Remembers what was withdrawn; `stored` stays unless it is deleted."""

    def __init__(self, stored: bool) -> None:
        self.stored, self.calls = stored, list[tuple[str, bool]]()
        self.limits: list[tuple[str, int, int | None] | str] = []

    async def withdraw(self, video_id: str, now: datetime, of: Sequence[Status]) -> bool:
        self.calls.append((video_id, "stored" in of))
        return "stored" in of or not self.stored

    async def set_site_limit(self, site_id: str, version: int, original_bytes: int | None) -> None:
        self.limits.append((site_id, version, original_bytes))

    async def forget_site_limit(self, site_id: str) -> None:
        self.limits.append(site_id)


def record(example: dict[str, Any], topic: str = "video.command") -> Record:
    headers = tuple((name, text.encode()) for name, text in example["headers"].items())
    value = None if example["value"] is None else json.dumps(example["value"]).encode()
    return Record(topic, 0, 0, 0, example["key"].encode(), value, headers)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("stored", [False, True])
async def test_every_example_of_a_command(path: Path, stored: bool, tmp_path: Path) -> None:
    example = json.loads(path.read_text())
    command, objects, uploads = example["value"], MemoryObjects(), Withdrawn(stored)
    original = keys.original(command["site_id"], command["video_id"])
    beside = keys.original(command["site_id"], command["video_id"] + "0")
    for key in (original, beside):
        await objects.put(key, b"video")
    part = partial_path(tmp_path, command["video_id"])
    part.write_bytes(b"half")
    await Commands(uploads, objects, tmp_path, ManualClock())(record(example))
    delete = command["action"] == "delete"
    if command["action"] == "retry":
        assert uploads.calls == [] and part.exists()
    else:
        assert uploads.calls == [(command["video_id"], delete)]
        assert part.exists() == (stored and not delete)
    assert (original in objects.objects) == (not delete)
    assert beside in objects.objects


@pytest.mark.parametrize("path", SITE_EXAMPLES, ids=lambda path: path.stem)
async def test_every_example_of_a_site_config(path: Path, tmp_path: Path) -> None:
    example, uploads = json.loads(path.read_text()), Withdrawn(False)
    await Commands(uploads, MemoryObjects(), tmp_path, ManualClock())(record(example, "site.config"))
    site = example["value"]
    expected = example["key"] if site is None else (site["site_id"], site["version"], site["original_bytes"])
    assert uploads.limits == [expected]


@pytest.mark.parametrize("value", [b"{}", b"no json", None])
async def test_what_is_no_command_is_invalid(value: bytes | None, tmp_path: Path) -> None:
    example = record(json.loads(EXAMPLES[0].read_text()))
    bad = Record(example.topic, 0, 0, 0, example.key, value, example.headers)
    with pytest.raises(Invalid):
        await Commands(Withdrawn(False), MemoryObjects(), tmp_path, ManualClock())(bad)
