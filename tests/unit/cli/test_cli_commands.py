"""The command line against a small HTTP server: exit codes, codes and JSON shapes. The real API is in tests/e2e."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

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
    """Answers by a table of (method, path) -> (status, document or headers)."""

    answers: dict[tuple[str, str], tuple[int, object]]
    seen: list[tuple[str, str, bytes]]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, body))
        status, document = self.answers.get(
            (self.command, self.path), (404, {"code": "not_found", "detail": "No such thing."})
        )
        self.send_response(status)
        if isinstance(document, tuple):
            for name, value in document:
                self.send_header(name, value)
            document = None
        payload = b"" if document is None else json.dumps(document).encode()
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    do_GET = do_POST = do_PATCH = do_HEAD = _answer  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Stub]]:
    handler = type("Handler", (Stub,), {"answers": {}, "seen": []})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
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


def test_a_refusal_is_not_tried_again(server: type[Stub], tmp_path: Path) -> None:
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
    }
    server.answers[("GET", "/v1/states")] = (200, {"items": [state], "next_cursor": "2"})
    server.answers[("GET", "/v1/states?cursor=2")] = (200, {"items": [{**state, "table_id": "u"}], "next_cursor": None})
    assert run("states", "--json") == Exit.OK
    rows = json.loads(capsys.readouterr().out)
    assert [row["table_id"] for row in rows] == ["t", "u"]
    assert set(rows[0]) == {"table_id", "state", "confidence", "as_of", "expires_at", "run_id"}


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
def test_contradictory_wishes_are_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
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


def test_without_a_stack_the_answer_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="make run") as refused:
        load({"TABLEWATCH_HOME": str(tmp_path)})
    assert refused.value.exit_code == Exit.UNREACHABLE
