"""A video, sent as a user sends it, becomes frames, states and hazards."""

import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from kafka import KafkaConsumer
from tests.support.pipeline import Site, event_id, of_run, ok, read_topics, states, upload, wait_done
from tests.support.private_stack import REPO, PrivateStack

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


def test_every_table_has_a_state(client: httpx.Client, site: Site, finished: dict[str, Any]) -> None:
    listed = ok(client.get("/v1/states", params={"run_id": finished["run_id"]}))["items"]
    assert {site.labels[state["table_id"]] for state in listed} == set(site.labels.values())
    assert {state["run_id"] for state in listed} == {finished["run_id"]}


def test_the_spill_is_an_alert(client: httpx.Client, finished: dict[str, Any]) -> None:
    hazards = ok(client.get("/v1/hazards", params={"run_id": finished["run_id"]}))["items"]
    assert [hazard["kind"] for hazard in hazards] == ["spill"]


def test_every_record_is_valid_against_its_schema(stack: PrivateStack, finished: dict[str, Any]) -> None:
    records = read_topics(stack)
    assert {record.topic for record in records} >= {*PUBLIC, "video.progress", "table.evidence", "hazard.candidate"}
    for record in records:
        if record.value is None:
            continue
        schema = json.loads((REPO / "schemas" / record.topic / "v1.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(json.loads(record.value))
        headers = dict(record.headers)
        assert headers["ce_type"] == f"tablewatch.{record.topic}.v1".encode()
        assert headers["ce_specversion"] == b"1.0"
        assert decode(record.topic, record.key, record.value, record.headers).event is not None
    assert len(of_run(records, finished["run_id"])) > 300


def test_an_event_id_names_one_content(stack: PrivateStack) -> None:
    contents: dict[tuple[str, str], bytes | None] = {}
    for record in read_topics(stack):
        assert contents.setdefault((record.topic, event_id(record)), record.value) == record.value, record


def test_frames_lie_in_the_lane_of_runs_and_in_order(stack: PrivateStack, finished: dict[str, Any]) -> None:
    frames = of_run(read_topics(stack, "frame.extracted"), finished["run_id"])
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


def test_the_last_state_of_each_table_says_so(stack: PrivateStack, site: Site, finished: dict[str, Any]) -> None:
    found = states(of_run(read_topics(stack, "table.state"), finished["run_id"]), site)
    assert set(found) == set(site.labels.values())
    assert all(versions[-1].last for versions in found.values())
    assert all(versions[0].evidence.frame_ids for versions in found.values())


def test_the_command_line_uploads_and_prints_the_job(
    stack: PrivateStack, site: Site, demo_files: Path, tmp_path: Path
) -> None:
    done = _tablewatch(
        stack, "upload", str(demo_files / "clip.mp4"), "--camera", site.camera_id, "--every", "5", "--wait", "--json"
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["status"] == "done"
    frames = json.loads(_tablewatch(stack, "frames", document["video_id"], "--json").stdout)
    assert len(frames) == 24
    assert set(frames[0]) >= {"index", "media_ms", "captured_at", "width", "height", "url"}


def test_the_command_line_says_why_a_file_is_refused(stack: PrivateStack, site: Site, tmp_path: Path) -> None:
    text = tmp_path / "holiday.mp4"
    text.write_text("this is no video " * 100)
    refused = _tablewatch(stack, "upload", str(text), "--camera", site.camera_id, "--wait", "--json")
    assert refused.returncode != 0
    document = json.loads(refused.stdout)
    assert document["status"] == "failed"
    assert document["error"]["code"] == "not_a_video"


def test_the_command_line_in_a_pipeline_with_a_name_that_is_no_utf8(
    stack: PrivateStack, site: Site, demo_files: Path, tmp_path: Path
) -> None:
    """A file of any name, the same bytes through a pipe, and a reader that goes before the list has ended."""
    named = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    Path(os.fsdecode(named)).symlink_to(demo_files / "clip.mp4")
    asked = ("--camera", site.camera_id, "--every", "30", "--make", "frames", "--wait", "--json")
    ascii_only = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    by_name = _tablewatch(stack, "upload", os.fsdecode(named), *asked, also=ascii_only)
    assert by_name.returncode == 0, by_name.stderr
    piped = _tablewatch(stack, "upload", "-", "--filename", "Küche.mp4", *asked, given=named, also=ascii_only)
    assert piped.returncode == 0, piped.stderr
    first, second = json.loads(by_name.stdout), json.loads(piped.stdout)
    assert (first["status"], second["status"]) == ("done", "done")
    assert (first["filename"], second["filename"]) == ("caf\\xe9.mp4", "Küche.mp4")
    assert first["frames"]["published"] == second["frames"]["published"] > 0
    program, variables = Path(sys.executable).with_name("tablewatch"), os.environ | {"TABLEWATCH_HOME": str(stack.home)}
    line = f"{program} frames {first['video_id']} --json | true; exit ${{PIPESTATUS[0]}}"
    unread = subprocess.run(["bash", "-c", line], env=variables, capture_output=True, timeout=300, check=False)
    assert (unread.returncode, unread.stderr) == (0, b"")


def test_an_upload_that_asks_for_png_of_a_long_side(
    client: httpx.Client, site: Site, demo_files: Path, finished: dict[str, Any]
) -> None:
    """Every stage reads what the extractor stored, whichever format it is; crops stay JPEG."""
    asked = {"format": "png", "long_side": 960}
    clip = demo_files / "clip.mp4"
    sent = upload(client, site, clip, sampling={"mode": "cadence", "every_ms": 5000}, picture=asked)
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
    assert {site.labels[crop["table_id"]] for crop in crops} == set(site.labels.values())
    for crop in crops:
        piece = httpx.get(httpx.URL(client.base_url).join(crop["url"]), trust_env=False)
        assert piece.headers["content-type"] == "image/jpeg"
        assert piece.content.startswith(b"\xff\xd8")
    assert _final(client, site, sent["run_id"]) == _final(client, site, finished["run_id"])


def test_the_page_is_served(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "<html" in page.text.lower()


def _final(client: httpx.Client, site: Site, run_id: str) -> dict[str, str]:
    listed = ok(client.get("/v1/states", params={"run_id": run_id}))["items"]
    return {site.labels[state["table_id"]]: state["state"] for state in listed}


def _tablewatch(
    stack: PrivateStack, *words: str, given: bytes | None = None, also: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """A command; with `given`, that file comes through a pipe."""
    program = Path(sys.executable).with_name("tablewatch")
    environment = {**os.environ, "TABLEWATCH_HOME": str(stack.home), **(also or {})}
    with subprocess.Popen(["cat", given or os.devnull], stdout=subprocess.PIPE) as pipe:
        return subprocess.run(
            [program, *words], env=environment, stdin=pipe.stdout, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
