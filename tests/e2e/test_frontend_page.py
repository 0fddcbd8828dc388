"""docs/frontend.md against a whole stack: its curl lines as they stand there, and every path that it names."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.pipeline import Site, ok, wait_done
from tests.support.private_stack import REPO, PrivateStack

pytestmark = pytest.mark.timeout(600)
PAGE = (REPO / "docs" / "frontend.md").read_text()
SHELL = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SCRIPT = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
JOB = {
    "video_id",
    "run_id",
    "status",
    "stage",
    "stages",
    "progress",
    "frames",
    "sampling",
    "make",
    "error",
    "created_at",
}


def shell(block: str, folder: Path, **values: str) -> str:
    """What a block of the page prints, run by a shell as a reader would, with what stands for `…` filled in."""
    text = block.replace("cam_…", values.get("CAMERA", "")).replace("run_…-000000042", values.get("FRAME", ""))
    assert "…" not in text, f"nobody fills this in: {text}"
    environment = {"PATH": os.environ["PATH"], "no_proxy": "*", **values}
    words = [shutil.which("bash") or "bash", "-euc", text]
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    return done.stdout


def block(containing: str) -> str:
    found: str
    (found,) = [each for each in SHELL if containing in each]
    return found


def frames_of(stream: "httpx.Response", names: set[str]) -> dict[str, tuple[str, Any]]:
    """The first (id, document) of each wanted event of an event stream."""
    found: dict[str, tuple[str, Any]] = {}
    fields: dict[str, str] = {}
    for line in stream.iter_lines():
        if line:
            name, _, text = line.partition(": ")
            fields[name] = text
            continue
        if fields.get("event") in names and "data" in fields:
            found.setdefault(fields["event"], (fields.get("id", ""), json.loads(fields["data"])))
        fields = {}
        if names <= found.keys():
            return found
    raise AssertionError(f"the stream ended with only {sorted(found)}")


@pytest.fixture(scope="module")
def asked(
    stack: PrivateStack, site: Site, demo_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """A video announced and sent by the commands of the page; `job` is the answer, `folder` where they ran."""
    run, folder = stack.run(), tmp_path_factory.mktemp("frontend")
    shutil.copy(demo_files / "clip.mp4", folder / "noon.mp4")
    values = {"API": run["api_url"], "KEY": run["key"], "CAMERA": site.camera_id}
    job = json.loads(shell(block("/v1/videos "), folder, **values))
    upload = job["upload"]
    shell(block("$CONTENT_URL"), folder, CONTENT_URL=upload["content_url"], UPLOAD_TOKEN=upload["token"])
    return {"job": job, "folder": folder, "values": values}


def test_every_block_of_the_page_is_run_here() -> None:
    known = ("/v1/session", "/v1/sites ", "/v1/cameras ", "/layout ", "/v1/videos ", "$CONTENT_URL", "/v1/links")
    assert all(any(word in each for word in known) for each in SHELL), "a new block needs a test here"
    assert len(SHELL) == len(known)
    assert len(SCRIPT) == 1


def test_every_path_of_the_page_is_in_the_reference(client: httpx.Client) -> None:
    there = [re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in ok(client.get("/openapi.json"))["paths"]]
    named = {path.rstrip("/") for path in re.findall(r"/v1/[\w/{}]+", PAGE)}
    assert len(named) > 5
    for path in named:
        assert any(known.fullmatch(path) for known in there), f"{path} is not in the reference"


def test_a_site_a_camera_and_its_layout(asked: dict[str, Any], client: httpx.Client) -> None:
    folder, values = asked["folder"], asked["values"]
    site = json.loads(shell(block("/v1/sites "), folder, **values))["site_id"]
    camera = json.loads(shell(block("/v1/cameras "), folder, **values, SITE=site))["camera_id"]
    made = json.loads(shell(block("/layout "), folder, **values | {"CAMERA": camera}))
    assert (made["version"], [table["label"] for table in made["tables"]]) == (1, ["Table 7"])
    renamed = made | {"tables": [made["tables"][0] | {"label": "Window"}]}
    again = ok(client.put(f"/v1/cameras/{camera}/layout", json=renamed))
    assert (again["version"], again["tables"][0]["table_id"]) == (2, made["tables"][0]["table_id"])
    assert ok(client.get("/v1/tables", params={"site_id": site}))["items"][0]["label"] == "Window"


def test_docs_is_what_the_page_calls_it(client: httpx.Client) -> None:
    """A page to read, without scripts: it sends no requests."""
    assert "it sends no requests" in PAGE
    page = client.get("/docs").text
    assert "<script" not in page
    assert "/v1/videos" in page and "layout_not_found" in page


def test_a_browser_signs_in_gets_a_cookie_and_signs_out(asked: dict[str, Any], client: httpx.Client) -> None:
    answer = shell(block("/v1/session"), asked["folder"], **asked["values"])
    head = answer.lower()
    assert head.startswith("http/1.1 200")
    assert "httponly" in head
    (cookie,) = re.findall(r"(?im)^set-cookie: ([^;]+)", answer)
    with httpx.Client(base_url=client.base_url, headers={"Cookie": cookie}, trust_env=False) as browser:
        assert ok(browser.get("/v1/session"))["key_id"]
        assert browser.delete("/v1/session", headers={"Origin": str(client.base_url).rstrip("/")}).status_code == 204
        assert browser.get("/v1/session").status_code == 401


def test_the_announcement_is_the_job_document_and_where_to_send(asked: dict[str, Any]) -> None:
    job = asked["job"]
    assert job.keys() >= JOB
    assert job["status"] == "awaiting_file"
    assert job["upload"].keys() >= {"create_url", "content_url", "token", "expires_at"}
    assert job["sampling"] == {"mode": "cadence", "every_ms": 1000}
    assert set(job["make"]) == {"frames", "tables", "hazards"}, "with a layout the default is everything"


def test_it_is_followed_and_shown_as_the_page_says(asked: dict[str, Any], client: httpx.Client) -> None:
    video = asked["job"]["video_id"]
    polled = client.get(f"/v1/videos/{video}/job")
    assert polled.json()["status"] == "done" or "Retry-After" in polled.headers
    done = wait_done(client, video)
    assert (done["status"], done["progress"], done["error"]) == ("done", 100, None)
    assert [stage["name"] for stage in done["stages"]] == ["upload", "extract", "tables", "hazards"]
    first = ok(client.get(f"/v1/videos/{video}/frames", params={"limit": 2}))
    second = ok(client.get(f"/v1/videos/{video}/frames", params={"limit": 2, "cursor": first["next_cursor"]}))
    frames = first["items"] + second["items"]
    assert [frame["index"] for frame in frames] == sorted({frame["index"] for frame in frames})
    assert frames[0].keys() >= {"index", "media_ms", "captured_at", "width", "height", "url"}
    picture = httpx.get(frames[0]["url"], trust_env=False)
    assert picture.status_code == 200, "a link works without a key"
    assert picture.content.startswith(b"\xff\xd8")
    thumbs = ok(client.get(f"/v1/videos/{video}/thumbnails"))
    assert thumbs["first"]
    assert thumbs["best"]


def test_a_name_read_on_a_topic_is_exchanged_for_a_link(asked: dict[str, Any], client: httpx.Client) -> None:
    run = wait_done(client, asked["job"]["video_id"])["run_id"]
    index = ok(client.get(f"/v1/videos/{asked['job']['video_id']}/frames"))["items"][0]["index"]
    link = json.loads(shell(block("/v1/links"), asked["folder"], **asked["values"], FRAME=f"{run}-{index:09d}"))
    assert link.keys() >= {"url", "expires_at", "size_bytes"}
    picture = httpx.get(link["url"], trust_env=False)
    assert (picture.status_code, len(picture.content)) == (200, link["size_bytes"])


def test_a_request_whose_response_was_lost_is_replayed(client: httpx.Client, site: Site) -> None:
    body, once = {"camera_id": site.camera_id}, {"Idempotency-Key": f"once-{site.camera_id}"}
    first = client.post("/v1/videos", json=body, headers=once)
    replayed = client.post("/v1/videos", json=body, headers=once)
    assert ok(first)["video_id"] == ok(replayed)["video_id"]
    assert replayed.headers["Idempotent-Replayed"] == "true"
    other = client.post("/v1/videos", json=body | {"filename": "other.mp4"}, headers=once)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_two_people_one_layout(client: httpx.Client, site: Site, layout: dict[str, Any]) -> None:
    path = f"/v1/cameras/{ok(client.post('/v1/cameras', json={'site_id': site.site_id, 'name': 'Two'}))['camera_id']}"
    assert client.put(f"{path}/layout", json=layout, headers={"If-None-Match": "*"}).is_success
    tag = client.get(f"{path}/layout").headers["ETag"]
    other = layout | {"tables": layout["tables"][1:]}  # one that shows the same would be the same version
    assert client.put(f"{path}/layout", json=other, headers={"If-Match": tag}).is_success
    late = client.put(f"{path}/layout", json=layout, headers={"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")
    assert late.headers["ETag"] != tag
    assert client.get("/v1/states").headers["RateLimit"].startswith('"key";r=')


def test_states_and_hazards_have_the_fields_of_the_page(
    asked: dict[str, Any], client: httpx.Client, site: Site
) -> None:
    run = wait_done(client, asked["job"]["video_id"])["run_id"]
    states = ok(client.get("/v1/states", params={"run_id": run}))["items"]
    assert states
    for state in states:
        assert state.keys() >= {"table_id", "state", "confidence", "as_of", "since", "expires_at", "run_id"}
        assert state["run_id"] == run
        assert state["label"] == site.labels[state["table_id"]]
    alerts = ok(client.get("/v1/hazards", params={"run_id": run}))["items"]
    assert alerts
    assert alerts[0].keys() >= {"kind", "status", "severity", "box", "near_table_ids", "near_table_labels", "opened_at"}
    for alert in alerts:
        assert alert["near_table_labels"] == [site.labels[each] for each in alert["near_table_ids"]]


def test_a_person_acts_on_a_hazard(asked: dict[str, Any], client: httpx.Client) -> None:
    run = wait_done(client, asked["job"]["video_id"])["run_id"]
    alert = ok(client.get("/v1/hazards", params={"run_id": run}))["items"][0]
    for word in ("acknowledge", "clear", "verify", "dismiss"):
        assert f"/{word}" in PAGE
        answer = client.post(f"/v1/hazards/{alert['hazard_id']}/{word}", json={})
        assert answer.is_success or answer.status_code == 409, answer.text


def test_the_stream_of_the_page(asked: dict[str, Any], client: httpx.Client, site: Site) -> None:
    names = set(re.findall(r'addEventListener\("([\w.]+)"', SCRIPT[0]))
    assert names == {"resync", "snapshot", "table.state", "video.job", "hazard.alert"}
    wait_done(client, asked["job"]["video_id"])
    with client.stream("GET", "/v1/events", params={"site_id": site.site_id}) as stream:
        at, snapshot = frames_of(stream, {"snapshot"})["snapshot"]
    assert re.fullmatch(r"\w+-\d+", at), "epoch-seq"
    assert snapshot.keys() >= {"videos", "states", "hazards", "cameras"}
    epoch = at.split("-")[0]
    earlier = {"Last-Event-ID": f"{epoch}-0"}
    with client.stream("GET", "/v1/events", params={"site_id": site.site_id}, headers=earlier) as stream:
        deltas = names - {"resync", "snapshot"}
        assert frames_of(stream, deltas).keys() == deltas
    lost = {"Last-Event-ID": "another-7"}
    with client.stream("GET", "/v1/events", params={"site_id": site.site_id}, headers=lost) as stream:
        heard = frames_of(stream, {"resync", "snapshot"})
        assert (heard["resync"][1]["last_event_id"], heard["snapshot"][1]["reason"]) == ("another-7", "reset")


def test_cancel_retry_and_delete(asked: dict[str, Any], client: httpx.Client, site: Site) -> None:
    video = ok(client.post("/v1/videos", json={"camera_id": site.camera_id}))["video_id"]
    assert ok(client.post(f"/v1/videos/{video}/cancel"))["status"] == "cancelled"
    refused = client.post(f"/v1/videos/{video}/retry")
    assert (refused.status_code, refused.json()["code"]) == (409, "video_not_failed")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert client.delete(f"/v1/videos/{video}").status_code == 202
    assert client.get(f"/v1/videos/{video}/job").status_code == 404


def test_wrong_things_are_refused_as_the_page_says(client: httpx.Client, asked: dict[str, Any], site: Site) -> None:
    with httpx.Client(base_url=client.base_url, trust_env=False) as nobody:
        assert nobody.get("/v1/states").status_code == 401
    assert client.get("/v1/videos/vid_of_somebody_else").status_code == 404
    assert client.post("/v1/videos", json={"sampling": {"mode": "sometimes"}}).status_code == 422
    job = ok(client.post("/v1/videos", json={"camera_id": site.camera_id}))
    upload, folder = job["upload"], asked["folder"]
    (folder / "noon.mp4").write_bytes(b"no video at all")
    shell(block("$CONTENT_URL"), folder, CONTENT_URL=upload["content_url"], UPLOAD_TOKEN=upload["token"])
    ended = wait_done(client, job["video_id"])
    assert (ended["status"], ended["error"]["code"]) == ("failed", "not_a_video")
