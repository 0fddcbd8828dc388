"""The command line against a small HTTP server: exit codes, codes and JSON shapes. The real API is in tests/e2e."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tablewatch_cli import probes
from tablewatch_cli.__main__ import main
from tablewatch_cli.commands.videos import LayoutChoice, picture, sampling
from tablewatch_cli.errors import CliError, Exit
from tablewatch_cli.settings import load

JOB = {
    "video_id": "vid_1",
    "run_id": "run_1",
    "status": "done",
    "stage": "done",
    "progress": 100,
    "frames": {"published": 3},
    "error": None,
}


class Stub(BaseHTTPRequestHandler):
    """Answers by a table of (method, path) -> (status, document, headers, or an iterator: one document an answer)."""

    answers: dict[tuple[str, str], tuple[int, object]]
    seen: list[tuple[str, str, bytes]]
    conditions: list[str]
    """The If-Match of the requests that had one."""
    tags: dict[tuple[str, str], str]
    """The ETag of answers."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, body))
        self.conditions += self.headers.get_all("If-Match") or []
        status, document = self.answers.get(
            (self.command, self.path), (404, {"code": "not_found", "detail": "No such thing."})
        )
        self.send_response(status)
        if tag := self.tags.get((self.command, self.path)):
            self.send_header("ETag", tag)
        if isinstance(document, Iterator):
            document = next(document)
        if isinstance(document, tuple):
            for name, value in document:
                self.send_header(name, value)
            document = None
        payload = (
            document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        )
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815

    def log_message(self, *_: object) -> None: ...


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that leave, as an interrupted one does: the standard error is that of the command."""

    def handle_error(self, request: object, client_address: object) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Stub]]:
    handler = type("Handler", (Stub,), {"answers": {}, "seen": [], "conditions": [], "tags": {}})
    httpd = QuietServer(("127.0.0.1", 0), handler)
    # It looks for a shutdown twice a second unless told otherwise, and every test waits for that
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setenv("TABLEWATCH_URL", f"http://127.0.0.1:{httpd.server_port}")
    monkeypatch.setenv("TABLEWATCH_KEY", "twk_test_secret")
    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    yield handler
    httpd.shutdown()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


def _upload_answers(server: type[Stub], url: str, size: int, job: object, patch: tuple[int, object]) -> None:
    job_created = {**JOB, "status": "queued", "upload": {"create_url": f"{url}/v1/uploads", "token": "SECRET-TOKEN"}}
    server.answers |= {
        ("POST", "/v1/videos"): (201, job_created),
        ("POST", "/v1/uploads"): (201, (("Location", "/v1/uploads/vid_1"),)),
        ("HEAD", "/v1/uploads/vid_1"): (200, (("Upload-Offset", "0"), ("Upload-Length", str(size)))),
        ("PATCH", "/v1/uploads/vid_1"): patch,
        ("GET", "/v1/videos/vid_1/job"): (200, job),
    }


def test_upload_wait_prints_the_job_document(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x" * 1000)
    _upload_answers(server, load().api_url, 1000, JOB, (204, (("Upload-Offset", "1000"),)))
    assert run("upload", str(clip), "--every", "2", "--wait", "--json", "--layout", "2", "--quality", "70") == Exit.OK
    printed = capsys.readouterr().out
    document = json.loads(printed)
    assert (document["video_id"], document["status"]) == ("vid_1", "done")
    assert "SECRET-TOKEN" not in printed
    created = next(json.loads(body) for method, path, body in server.seen if (method, path) == ("POST", "/v1/videos"))
    assert created["sampling"] == {"mode": "cadence", "every_ms": 2000}
    assert created["picture"] == {"format": "jpeg", "quality": 70, "long_side": None}
    assert (created["layout"], created["size_bytes"]) == (2, 1000)


def test_upload_wait_says_once_why_the_job_waits(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tablewatch_cli.commands.videos.POLL_S", 0.01)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")
    moving = {**JOB, "status": "processing", "stage": "extract", "waiting": None}
    held = {**moving, "waiting": {"code": "store_full", "reason": "The object store is full."}}
    other = {**moving, "waiting": {"code": "store_unavailable", "reason": "The object store does not answer."}}
    jobs = iter((moving, held, held, other, moving, held, JOB))
    _upload_answers(server, load().api_url, 5, jobs, (204, (("Upload-Offset", "5"),)))
    assert run("upload", str(clip), "--wait", "--json") == Exit.OK
    printed = capsys.readouterr()
    assert json.loads(printed.out)["status"] == "done"
    full, silent = (
        "waiting: store_full: The object store is full.",
        "waiting: store_unavailable: The object store does not answer.",
    )
    assert [line for line in printed.err.splitlines() if "waiting" in line] == [full, silent, full]


def test_an_upload_is_reported_once_the_api_knows_that_it_came(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tablewatch_cli.commands.videos.POLL_S", 0.01)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")
    jobs = iter([{**JOB, "status": "awaiting_file"}] * 3 + [{**JOB, "status": "queued"}])
    _upload_answers(server, load().api_url, 5, jobs, (204, (("Upload-Offset", "5"),)))
    assert run("upload", str(clip), "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["status"] == "queued"


def test_a_refused_video_exits_1_with_the_code_in_the_job(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "notes.mp4"
    clip.write_bytes(b"hello")
    failed = {
        **JOB,
        "status": "failed",
        "error": {"code": "not_a_video", "reason": "Send a video.", "retryable": False},
    }
    _upload_answers(server, load().api_url, 5, failed, (422, {"code": "not_a_video", "detail": "Send a video."}))
    assert run("upload", str(clip), "--wait", "--json") == Exit.REFUSED
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["error"]["code"]) == ("failed", "not_a_video")


def test_a_refusal_is_not_retried(server: type[Stub], tmp_path: Path) -> None:
    clip = tmp_path / "big.mp4"
    clip.write_bytes(b"hello")
    failed = {**JOB, "status": "failed", "error": {"code": "too_large", "reason": "Too large.", "retryable": False}}
    _upload_answers(server, load().api_url, 5, failed, (413, {"code": "too_large", "detail": "Too large."}))
    assert run("upload", str(clip)) == Exit.REFUSED
    assert [method for method, _, _ in server.seen].count("PATCH") == 1


def test_states_as_json_are_exactly_the_named_fields(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    state = {
        "table_id": "t",
        "state": "free",
        "confidence": 0.9,
        "as_of": "a",
        "expires_at": "b",
        "run_id": None,
        "label": "T1",
        "version": 4,
    }
    server.answers[("GET", "/v1/states")] = (200, {"items": [state], "next_cursor": "2"})
    server.answers[("GET", "/v1/states?cursor=2")] = (200, {"items": [{**state, "table_id": "u"}], "next_cursor": None})
    assert run("states", "--json") == Exit.OK
    rows = json.loads(capsys.readouterr().out)
    assert [row["table_id"] for row in rows] == ["t", "u"]
    assert set(rows[0]) == {
        "table_id", "label", "state", "unknown_reason", "confidence", "as_of", "expires_at", "run_id",
        "site_id", "camera_ids", "video_id", "since", "previous_state", "reason", "evidence", "votes",
    }  # fmt: skip
    assert rows[0]["label"] == "T1"


def test_videos_are_listed_with_the_ids_that_other_commands_ask_for(
    server: type[Stub], capsys: pytest.CaptureFixture[str]
) -> None:
    video = {"video_id": "vid_1", "run_id": "run_1", "filename": "noon.mp4", "status": "processing", "progress": 40.8}
    server.answers[("GET", "/v1/videos?status=processing")] = (200, {"items": [video], "next_cursor": None})
    assert run("videos", "--status", "processing") == Exit.OK
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("vid_1", "run_1", "noon.mp4", "40.8"))
    assert run("videos", "--status", "processing", "--json") == Exit.OK
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["video_id"], row["run_id"], row["error"]) == ("vid_1", "run_1", None)


def test_what_links_and_people_ask_for_is_in_frames_and_hazards(
    server: type[Stub], capsys: pytest.CaptureFixture[str]
) -> None:
    frame = {"frame_id": "run_1-000000000", "index": 0, "media_ms": 0}
    server.answers[("GET", "/v1/videos/vid_1/frames")] = (200, {"items": [frame], "next_cursor": None})
    assert run("frames", "vid_1", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)[0]["frame_id"] == "run_1-000000000"
    alert = {"hazard_id": "haz_1", "kind": "spill", "near_table_ids": ["tbl_1"], "near_table_labels": ["Table 7"]}
    server.answers[("GET", "/v1/hazards")] = (200, {"items": [alert], "next_cursor": None})
    assert run("hazards") == Exit.OK
    assert "Table 7" in capsys.readouterr().out


def test_why_tells_what_was_seen(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    state = {"label": "Table 7", "state": "occupied", "since": "s", "as_of": "a"}
    look = {"captured_at": "c", "verdict": "occupied", "why": "A person (score 0.91)."}
    document = {"table_id": "tbl_1", "state": state, "looks": [look]}
    server.answers[("GET", "/v1/tables/tbl_1/why?run_id=run_1")] = (200, document)
    assert run("why", "tbl_1", "--run", "run_1") == Exit.OK
    told = capsys.readouterr()
    assert "A person (score 0.91)." in told.out
    assert "Table 7 is occupied since s" in told.err
    assert run("why", "tbl_1", "--run", "run_1", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == document
    server.answers[("GET", "/v1/tables/tbl_1/why")] = (200, {"table_id": "tbl_1", "state": None, "looks": []})
    assert run("why", "tbl_1") == Exit.OK
    assert "no camera has reported on it live" in capsys.readouterr().err


def test_states_are_those_of_now_and_cameras_say_whether_they_are_read(
    server: type[Stub], capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers[("GET", "/v1/states")] = (200, {"items": [], "next_cursor": None})
    server.answers[("GET", "/v1/states?run_id=run_1")] = (200, {"items": [], "next_cursor": None})
    assert run("states") == Exit.OK
    assert "no table has a live state; of a video: --run ID" in capsys.readouterr().err
    assert run("states", "--run", "run_1") == Exit.OK
    assert "no table of that run has a state yet" in capsys.readouterr().err
    server.answers[("GET", "/v1/hazards")] = (200, {"items": [], "next_cursor": None})
    server.answers[("GET", "/v1/hazards?run_id=run_1")] = (200, {"items": [], "next_cursor": None})
    assert run("hazards") == Exit.OK
    assert "no live hazards; of a video: --run ID" in capsys.readouterr().err
    assert run("hazards", "--run", "run_1") == Exit.OK
    assert "no hazards in that run" in capsys.readouterr().err
    camera = {
        "camera_id": "cam_1", "number": 1, "name": "Door", "enabled": True, "source": {"type": "rtsp"},
        "layout_version": None, "state": "draft",
        "capture": {"state": "unsupported", "reason": "Nothing reads it."},
    }  # fmt: skip
    server.answers[("GET", "/v1/cameras")] = (200, {"items": [camera], "next_cursor": None})
    assert run("cameras") == Exit.OK
    shown = capsys.readouterr()
    assert "unsupported" in shown.out
    assert "Nothing reads it." in shown.err
    assert run("cameras", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == [camera | {"status": None}]
    server.answers[("GET", "/v1/cameras?state=verified")] = (200, {"items": [], "next_cursor": None})
    assert run("cameras", "list", "--state", "verified") == Exit.OK
    assert "no cameras" in capsys.readouterr().err


def test_cameras_say_which_of_them_is_offline_since_when_and_what_to_do(
    server: type[Stub], capsys: pytest.CaptureFixture[str]
) -> None:
    read = {"enabled": True, "source": {"type": "rtsp"}, "layout_version": 1, "capture": {"state": "captured"}}
    door, hall = ({"camera_id": f"cam_{name}", "name": name.title()} | read for name in ("door", "hall"))
    offline = {"status": "offline", "since": "2026-11-28T23:50:48Z", "reason": "Nothing answers at this address."}
    live = {"status": "live", "since": "2026-11-28T20:00:00Z", "reason": "Frames arrive on time."}
    server.answers[("GET", "/v1/cameras")] = (200, {"items": [door, hall], "next_cursor": None})
    server.answers[("GET", "/v1/cameras/cam_door")] = (200, door | {"status": offline})
    server.answers[("GET", "/v1/cameras/cam_hall")] = (200, hall | {"status": live})
    assert run("cameras") == Exit.OK
    shown = capsys.readouterr()
    assert [line.split()[-1] for line in shown.out.splitlines()] == ["status", "offline", "live"]
    assert shown.err == "Door: offline since 2026-11-28T23:50:48Z. Nothing answers at this address.\n"
    assert run("cameras", "--json") == Exit.OK
    assert [each["status"]["status"] for each in json.loads(capsys.readouterr().out)] == ["offline", "live"]


USAGE = {
    "site_id": "site_1",
    "originals": {"used_bytes": 2_500_000_000, "reserved_bytes": 500_000_000, "limit_bytes": 6_000_000_000},
    "pictures": {"used_bytes": 12, "reserved_bytes": 0, "limit_bytes": 0},
}


def test_a_quota_is_shown_and_set(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = {
        ("GET", "/v1/sites"): (200, {"items": [{"site_id": "site_1"}], "next_cursor": None}),
        ("GET", "/v1/sites/site_1/usage"): (200, USAGE),
        ("PUT", "/v1/sites/site_1/quota"): (200, USAGE),
    }
    assert run("quota", "show", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == [USAGE]
    assert run("quota", "show", "site_1") == Exit.OK
    assert capsys.readouterr().out.splitlines()[1:] == [
        "site_1   originals  2.5 GB  500.0 MB  6.0 GB  50 %",
        "site_1   pictures   12 B    0 B       0 B     -",
    ]
    assert run("quota", "set", "site_1", "--originals", "1.5TiB", "--pictures", "default") == Exit.OK
    assert json.loads(server.seen[-1][2]) == {"original_bytes": 1_649_267_441_664}
    assert run("quota", "set", "site_1", "--originals", "much") == Exit.USAGE


def test_problems_show_the_servers_code_and_sentence(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("frames", "vid_9", "--json") == Exit.REFUSED
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"error": {"code": "not_found", "reason": "No such thing."}}
    assert "error: not_found: No such thing." in shown.err


def test_an_unreachable_api_exits_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TABLEWATCH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TABLEWATCH_KEY", "k")
    assert run("states") == Exit.UNREACHABLE
    assert "api_unreachable" in capsys.readouterr().err


def test_check_names_what_is_wrong_and_exits_4(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--json") == Exit.UNHEALTHY
    findings = json.loads(capsys.readouterr().out)
    assert findings[0]["part"] == "api"
    assert findings[0]["ok"] is False


def test_check_says_what_it_did_not_check(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    """As somebody with an address and a key alone has it."""
    server.answers[("GET", "/v1/sites")] = (200, {"items": []})
    assert run("check", "--json") == Exit.OK
    findings = {finding["part"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings.pop("api")["ok"] is True
    assert set(findings) == {
        *("uploads", "postgres", "services", "store", "database", "broker", "jobs", "outboxes", "sandbox"),
        *("kafka", "topics", "dead letters", "lag"),
    }
    for finding in findings.values():
        assert (finding["ok"], finding["reachable"]) == (None, None)
        assert "not known here" in finding["detail"]
    assert "KAFKA_BOOTSTRAP" in findings["kafka"]["detail"]
    assert run("check") == Exit.OK
    assert capsys.readouterr().out.count("not checked") == len(findings)


def test_check_shows_a_dependency_as_the_services_see_it(
    server: type[Stub], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = load().api_url
    monkeypatch.delenv("TABLEWATCH_URL")
    ops = {"cropper": f"{url}/cropper", "api": f"{url}/api"}
    (tmp_path / "run.json").write_text(json.dumps({"api_url": url, "key": "k", "ops_urls": ops}))
    away = {"store": "store_key_refused: The object store refuses our key."}
    server.answers |= {
        ("GET", "/v1/sites"): (200, {"items": []}),
        ("GET", "/cropper/readyz"): (503, {"ok": False, "complaints": away, "checks": ["broker", "store"]}),
        ("GET", "/api/readyz"): (200, {"ok": True, "complaints": {}, "checks": ["broker", "database"]}),
    }
    assert run("check", "--json") == Exit.UNHEALTHY
    findings = {finding["part"]: finding for finding in json.loads(capsys.readouterr().out)}
    assert findings["store"]["ok"] is False
    assert "store_key_refused: " in findings["store"]["detail"]
    assert "(say cropper)" in findings["store"]["detail"]
    assert (findings["database"]["ok"], findings["broker"]["ok"]) == (True, True)
    assert "2 services" in findings["broker"]["detail"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--every", "0"),
        ("--every", "1", "--all"),
        ("--keyframes", "--all"),
        ("--every", "x"),
        ("--image", "png", "--quality", "80"),
        ("--layout", "0"),
        ("--layout", "newest"),
    ],
)
def test_contradictory_options_are_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"x")
    assert run("upload", str(clip), *arguments) == Exit.USAGE


def test_how_frames_are_stored_is_left_to_the_server_unless_asked_for() -> None:
    assert picture(None, None, None) is None
    assert picture("png", None, 640) == {"format": "png", "quality": None, "long_side": 640}
    choice = LayoutChoice()
    assert [choice.convert(each, None, None) for each in ("current", "at-time", "7")] == ["current", "at_time", 7]


def test_sampling_is_left_to_the_server_unless_asked_for() -> None:
    assert sampling(None, keyframes=False, all_frames=False) is None
    assert sampling(0.04, keyframes=False, all_frames=False) == {"mode": "cadence", "every_ms": 40}
    assert sampling(None, keyframes=True, all_frames=False) == {"mode": "keyframes", "every_ms": None}
    assert sampling(None, keyframes=False, all_frames=True) == {"mode": "all", "every_ms": None}


def test_help_describes_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == Exit.OK
    text = capsys.readouterr().out
    for word in ("upload", "frames", "states", "hazards", "tail", "check", "Exit codes"):
        assert word in text


def test_the_stack_is_found_by_run_json(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(
        '{"api_url": "http://h:1/", "key": "k", "kafka_bootstrap": "b:2", "ingest_url": "http://h:3"}'
    )
    target = load({"TABLEWATCH_HOME": str(tmp_path)})
    assert (target.api_url, target.kafka_bootstrap) == ("http://h:1", "b:2")
    assert "k" not in repr(target).replace("kafka_bootstrap", "")


def test_the_environment_wins_and_never_mixes_two_stacks(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"api_url": "http://h:1", "key": "k", "kafka_bootstrap": "b:2"}')
    target = load({"TABLEWATCH_HOME": str(tmp_path), "TABLEWATCH_URL": "http://other", "TABLEWATCH_KEY": "o"})
    assert (target.api_url, target.key, target.kafka_bootstrap) == ("http://other", "o", None)


def test_without_a_stack_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="make run") as refused:
        load({"TABLEWATCH_HOME": str(tmp_path)})
    assert refused.value.exit_code == Exit.UNREACHABLE


FOUND = {
    "transport": "tcp", "codec": "h264", "width": 1920, "height": 1080, "frames_per_s": 25.0, "gop_frames": 50,
    "gop_ms": 2000, "bits_per_s": 4_100_000, "first_frame_ms": 640, "watched_ms": 9000, "sound": True,
    "sound_codec": "aac", "clock": {"usable": True, "code": None, "reason": None},
}  # fmt: skip
PROBE = {"probe_id": "prb_1", "status": "done", "found": FOUND, "error": None, "snapshot_url": "http://x/probe.jpg"}
RTSP_ADDRESS = "rtsp://192.168.1.20:554/stream1"


def test_a_probe_is_waited_for_and_printed(
    server: type[Stub], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tablewatch_cli.commands.cameras.POLL_S", 0.0)
    monkeypatch.setenv("TABLEWATCH_CAMERA_PASSWORD", "hunter2")
    waiting = {**PROBE, "status": "waiting", "found": None, "snapshot_url": None}
    server.answers[("POST", "/v1/probes")] = (202, waiting)
    server.answers[("GET", "/v1/probes/prb_1")] = (200, iter([waiting, PROBE, PROBE]))
    assert run("cameras", "probe", RTSP_ADDRESS, "--user", "admin") == Exit.OK
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "picture   H.264, 1920 x 1080, 25 pictures a second, 4.1 Mbit/s",
        "keyframes every 50 pictures, 2.00 s",
        "read by   RTSP over TCP, first picture after 0.64 s",
        "clock     usable: pictures are timed by it",
        "sound     aac (not used)",
        "snapshot  http://x/probe.jpg",
    ]
    assert "hunter2" not in printed.out + printed.err
    sent = json.loads(next(body for method, _, body in server.seen if method == "POST"))
    source = {"type": "rtsp", "address": RTSP_ADDRESS, "user": "admin", "password": "hunter2"}
    assert sent == {"source": source}
    assert run("cameras", "probe", RTSP_ADDRESS, "--user", "admin", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == PROBE


def test_a_camera_that_cannot_be_read_says_what_to_do(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "wrong_path", "reason": "Look it up."}
    failed = {**PROBE, "status": "failed", "found": None, "error": error, "snapshot_url": None}
    server.answers[("POST", "/v1/probes")] = (202, failed)
    assert run("cameras", "probe", "http://192.168.1.20/live.m3u8") == Exit.REFUSED
    assert capsys.readouterr().err == "error: wrong_path: Look it up.\n"
    assert json.loads(server.seen[-1][2])["source"]["type"] == "hls"
    assert run("cameras", "probe", "still.jpg", "--json") == Exit.REFUSED
    assert json.loads(capsys.readouterr().out)["error"] == error
    assert json.loads(server.seen[-1][2])["source"]["type"] == "file"


def test_an_address_with_a_password_is_not_even_sent(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("cameras", "probe", "rtsp://admin:hunter2@192.168.1.20/") == Exit.USAGE
    assert run("cameras", "probe", "rtsp://[bad/x") == Exit.USAGE
    assert run("cameras", "--site", "site_1", "probe", RTSP_ADDRESS) == Exit.USAGE
    assert "hunter2" not in capsys.readouterr().err
    assert server.seen == []


def test_what_is_not_known_of_a_camera_is_not_made_up() -> None:
    still = {**FOUND, "codec": "mjpeg", "transport": "http", "frames_per_s": None, "gop_frames": None, "gop_ms": None,
             "bits_per_s": None, "sound": None, "clock": {"usable": False, "reason": "By receipt."}}  # fmt: skip
    assert list(probes.lines(still, None)) == [
        "picture   JPEG, 1920 x 1080",
        "keyframes each picture is one",
        "read by   HTTP, first picture after 0.64 s",
        "clock     not used: By receipt.",
        "sound     not known",
    ]
    assert "I-frame interval" in list(probes.lines({**FOUND, "gop_frames": None, "sound": False}, None))[1]
