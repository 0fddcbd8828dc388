"""kill -9 of each part in the middle of the demo: what is true in the end is what an undisturbed run says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.private_stack import PrivateStack, until
from tests.support.road import Heard, Place, event_id, hear, job, of_run, ok, states, upload, wait_done

from tablewatch_schemas import to_ms

pytestmark = pytest.mark.timeout(900)
PARTS = ["ingest", "extractor", "cropper", "classifier-gateway", "hazard", "api", "kafka", "postgres"]
STARTED_AT = "2026-11-01T12:00:00Z"  # the same for all runs, so that times can be compared
KILL_AT_FRAME = 25


@dataclass(frozen=True)
class Outcome:
    """What a run came to, without what differs from run to run (ids, times of processing)."""

    frames: list[int]
    transitions: dict[str, list[tuple[str, int]]]
    final: dict[str, str]
    hazards: list[tuple[str, str]]


@pytest.fixture(scope="session")
def undisturbed(stack: PrivateStack, place: Place, demo_files: Path) -> Outcome:
    """The demo without a fault."""
    with stack.client() as client:
        video = _send(client, place, demo_files)
        assert wait_done(client, video["video_id"])["status"] == "done"
        return _outcome(client, stack, place, video)


@pytest.mark.parametrize("part", PARTS)
def test_killed_in_the_middle(
    part: str, stack: PrivateStack, place: Place, demo_files: Path, undisturbed: Outcome
) -> None:
    with stack.client() as client:
        video = _send(client, place, demo_files)
        until(lambda: _frames(client, video) >= KILL_AT_FRAME or None, 120, "the middle of the demo")
        killed = stack.kill(part)
        stack.back(part, killed)
        done = wait_done(client, video["video_id"])
        assert done["status"] == "done", done
        assert _outcome(client, stack, place, video) == undisturbed
    _nothing_twice(of_run(hear(stack), video["run_id"]))


def test_the_supervisor_killed_in_the_middle(
    stack: PrivateStack, place: Place, demo_files: Path, undisturbed: Outcome
) -> None:
    with stack.client() as client:
        video = _send(client, place, demo_files)
        until(lambda: _frames(client, video) >= KILL_AT_FRAME or None, 120, "the middle of the demo")
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    until(lambda: True if stack.processes() == [] else None, 30, "the end of the children")
    (stack.home / "run.json").unlink()
    with stack.start().client() as client:
        assert wait_done(client, video["video_id"])["status"] == "done"
        assert _outcome(client, stack, place, video) == undisturbed
    _nothing_twice(of_run(hear(stack), video["run_id"]))


def _send(client: httpx.Client, place: Place, demo_files: Path) -> dict[str, Any]:
    everything = ["frames", "tables", "hazards"]
    return upload(client, place, demo_files / "clip.mp4", make=everything, started_at=STARTED_AT)


def _frames(client: httpx.Client, video: dict[str, Any]) -> int:
    return int(job(client, video["video_id"])["frames"]["published"])


def _outcome(client: httpx.Client, stack: PrivateStack, place: Place, video: dict[str, Any]) -> Outcome:
    heard = of_run(hear(stack, "frame.extracted", "table.state", "hazard.alert"), video["run_id"])
    said = states(heard, place)
    listed = ok(client.get("/v1/states", params={"run_id": video["run_id"]}))["items"]
    hazards = ok(client.get("/v1/hazards", params={"run_id": video["run_id"]}))["items"]
    return Outcome(
        frames=sorted({index for record in heard if (index := _index(record.topic, record.value)) is not None}),
        transitions={label: _transitions(versions) for label, versions in said.items()},
        final={place.labels[state["table_id"]]: state["state"] for state in listed},
        hazards=sorted((hazard["kind"], hazard["opened_at"]) for hazard in hazards),
    )


def _index(topic: str, value: bytes | None) -> int | None:
    return json.loads(value or b"{}")["index"] if topic == "frame.extracted" else None


def _transitions(versions: list[Any]) -> list[tuple[str, int]]:
    """State and since of each transition; what is said again in between may differ."""
    found: list[tuple[str, int]] = []
    for version in versions:
        if not found or found[-1][0] != version.state:
            found.append((version.state, to_ms(version.since)))
    return found


def _nothing_twice(heard: Heard) -> None:
    """Delivery is at least once: the same id may come again, but never with other content."""
    contents: dict[tuple[str, str], bytes | None] = {}
    for record in heard:
        first = contents.setdefault((record.topic, event_id(record)), record.value)
        assert first == record.value, f"{record.topic} {event_id(record)} was said twice with different content"
