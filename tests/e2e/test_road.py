"""A video, sent as a user sends it, becomes frames, states and hazards."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from kafka import KafkaConsumer
from tests.support.private_stack import REPO, PrivateStack
from tests.support.road import Place, event_id, hear, of_run, ok, states, upload, wait_done

from tablewatch_schemas import decode

PUBLIC = ("video.uploaded", "frame.extracted", "crop.ready", "table.state", "hazard.alert")
pytestmark = pytest.mark.timeout(600)


def test_the_run_is_done(finished: dict[str, Any]) -> None:
    assert finished["status"] == "done", finished
    assert finished["progress"] == 100
    assert finished["error"] is None
    assert {stage["status"] for stage in finished["stages"]} == {"done"}


def test_frames_are_listed_in_media_order_with_links_that_open(client: httpx.Client, finished: dict[str, Any]) -> None:
    frames, cursor = [], None
    while True:
        asked = {"limit": 50} | ({"cursor": cursor} if cursor else {})
        page = ok(client.get(f"/v1/videos/{finished['video_id']}/frames", params=asked))
        frames += page["items"]
        cursor = page.get("next_cursor")
        if not cursor:
            break
    assert [frame["index"] for frame in frames] == list(range(120))
    assert [frame["media_ms"] for frame in frames] == sorted(frame["media_ms"] for frame in frames)
    picture = httpx.get(httpx.URL(client.base_url).join(frames[0]["url"]), trust_env=False)
    assert picture.content.startswith(b"\xff\xd8"), "not a JPEG"


def test_every_table_has_a_state(client: httpx.Client, place: Place, finished: dict[str, Any]) -> None:
    listed = ok(client.get("/v1/states", params={"run_id": finished["run_id"]}))["items"]
    assert {place.labels[state["table_id"]] for state in listed} == set(place.labels.values())
    assert {state["run_id"] for state in listed} == {finished["run_id"]}


def test_the_spill_is_an_alert(client: httpx.Client, finished: dict[str, Any]) -> None:
    hazards = ok(client.get("/v1/hazards", params={"run_id": finished["run_id"]}))["items"]
    assert [hazard["kind"] for hazard in hazards] == ["spill"]


def test_every_record_is_valid_against_its_schema(stack: PrivateStack, finished: dict[str, Any]) -> None:
    heard = hear(stack)
    assert {record.topic for record in heard} >= {*PUBLIC, "video.progress", "table.evidence", "hazard.candidate"}
    for record in heard:
        if record.value is None:
            continue
        schema = json.loads((REPO / "schemas" / record.topic / "v1.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(json.loads(record.value))
        headers = dict(record.headers)
        assert headers["ce_type"] == f"tablewatch.{record.topic}.v1".encode()
        assert headers["ce_specversion"] == b"1.0"
        assert decode(record.topic, record.key, record.value, record.headers).event is not None
    assert len(of_run(heard, finished["run_id"])) > 300


def test_an_event_id_names_one_content(stack: PrivateStack) -> None:
    contents: dict[tuple[str, str], bytes | None] = {}
    for record in hear(stack):
        assert contents.setdefault((record.topic, event_id(record)), record.value) == record.value, record


def test_frames_lie_in_the_lane_of_runs_and_in_order(stack: PrivateStack, finished: dict[str, Any]) -> None:
    frames = of_run(hear(stack, "frame.extracted"), finished["run_id"])
    assert len({record.partition for record in frames}) == 1
    assert frames[0].partition >= 4
    indexes = [json.loads(record.value or b"{}")["index"] for record in frames]
    assert indexes == sorted(indexes)


def test_a_plain_consumer_of_another_team_reads_the_public_topics(
    stack: PrivateStack, finished: dict[str, Any]
) -> None:
    consumer = KafkaConsumer(
        *PUBLIC,
        bootstrap_servers=stack.run()["kafka_bootstrap"],
        group_id="another-team",
        auto_offset_reset="earliest",
        consumer_timeout_ms=5000,
    )
    try:
        seen = {record.topic: record for record in consumer}
    finally:
        consumer.close()
    assert set(seen) == set(PUBLIC)
    assert all(dict(record.headers)["ce_id"] for record in seen.values())


def test_the_last_state_of_each_table_says_so(stack: PrivateStack, place: Place, finished: dict[str, Any]) -> None:
    said = states(of_run(hear(stack, "table.state"), finished["run_id"]), place)
    assert set(said) == set(place.labels.values())
    assert all(versions[-1].last for versions in said.values())
    assert all(versions[0].evidence.frame_ids for versions in said.values())


def test_the_command_line_uploads_and_prints_the_job(
    stack: PrivateStack, place: Place, demo_files: Path, tmp_path: Path
) -> None:
    done = _tablewatch(
        stack, "upload", str(demo_files / "clip.mp4"), "--camera", place.camera_id, "--every", "5", "--wait", "--json"
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["status"] == "done"
    frames = json.loads(_tablewatch(stack, "frames", document["video_id"], "--json").stdout)
    assert len(frames) == 24
    assert set(frames[0]) >= {"index", "media_ms", "captured_at", "width", "height", "url"}


def test_the_command_line_says_why_a_file_is_refused(stack: PrivateStack, place: Place, tmp_path: Path) -> None:
    text = tmp_path / "holiday.mp4"
    text.write_text("this is no video " * 100)
    refused = _tablewatch(stack, "upload", str(text), "--camera", place.camera_id, "--wait", "--json")
    assert refused.returncode != 0
    document = json.loads(refused.stdout)
    assert document["status"] == "failed"
    assert document["error"]["code"] == "not_a_video"


def test_an_upload_that_asks_for_png_of_a_long_side(
    client: httpx.Client, place: Place, demo_files: Path, finished: dict[str, Any]
) -> None:
    """Every stage reads what the extractor stored, whichever format it is; crops stay JPEG."""
    asked = {"format": "png", "long_side": 960}
    clip = demo_files / "clip.mp4"
    sent = upload(client, place, clip, sampling={"mode": "cadence", "every_ms": 5000}, picture=asked)
    done = wait_done(client, sent["video_id"])
    assert (done["status"], done["error"]) == ("done", None)
    assert {stage["status"] for stage in done["stages"]} == {"done"}
    frames = ok(client.get(f"/v1/videos/{sent['video_id']}/frames", params={"limit": 50}))["items"]
    assert len(frames) == 24
    for frame in frames:
        picture = httpx.get(httpx.URL(client.base_url).join(frame["url"]), trust_env=False)
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG\r\n\x1a\n")
        size = struct.unpack(">II", picture.content[16:24])  # of IHDR, the first chunk
        assert size == (frame["width"], frame["height"]) == (960, 540)
    crops = ok(client.get(f"/v1/frames/{frames[0]['frame_id']}/crops"))["items"]
    assert {place.labels[crop["table_id"]] for crop in crops} == set(place.labels.values())
    for crop in crops:
        piece = httpx.get(httpx.URL(client.base_url).join(crop["url"]), trust_env=False)
        assert piece.headers["content-type"] == "image/jpeg"
        assert piece.content.startswith(b"\xff\xd8")
    assert _final(client, place, sent["run_id"]) == _final(client, place, finished["run_id"])


def test_the_page_is_served(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "<html" in page.text.lower()


def _final(client: httpx.Client, place: Place, run_id: str) -> dict[str, str]:
    listed = ok(client.get("/v1/states", params={"run_id": run_id}))["items"]
    return {place.labels[state["table_id"]]: state["state"] for state in listed}


def _tablewatch(stack: PrivateStack, *words: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("tablewatch")
    environment = {**os.environ, "TABLEWATCH_HOME": str(stack.home)}
    return subprocess.run([program, *words], env=environment, capture_output=True, text=True, timeout=300, check=False)
