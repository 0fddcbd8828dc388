"""What files, servers and settings really are like: no traceback, a code and an exit code for each."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.test_cli_commands import JOB, Stub, _upload_answers, run, server

from tablewatch_cli.errors import Exit
from tablewatch_cli.settings import load
from tablewatch_cli.source import plain_name

__all__ = ["server"]
HTML = b"<html><body>Bad gateway</body></html>"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def error(capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code and error of a command line that was refused."""

    def refused(*arguments: str) -> tuple[int, str]:
        code = run(*arguments, "--json")
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return code, json.loads(shown.out)["error"]["code"]

    return refused


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((502, HTML), (Exit.UNREACHABLE, "http_502")),
        ((404, HTML), (Exit.UNREACHABLE, "http_404")),
        ((200, HTML), (Exit.UNREACHABLE, "no_answer")),
        ((200, []), (Exit.UNREACHABLE, "no_answer")),
        ((200, {"tables": []}), (Exit.UNREACHABLE, "no_answer")),
        ((200, {"items": 3}), (Exit.UNREACHABLE, "no_answer")),
        ((200, {"items": [None]}), (Exit.UNREACHABLE, "no_answer")),
        ((301, (("Location", "https://elsewhere/"),)), (Exit.UNREACHABLE, "no_answer")),
        ((403, {"code": "scope_missing", "detail": "No."}), (Exit.REFUSED, "scope_missing")),
    ],
)
def test_answers_that_are_not_the_apis(server: type[Stub], error: Run, answer: Any, expected: Any) -> None:
    server.answers[("GET", "/v1/hazards")] = answer
    assert error("hazards") == expected


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("TABLEWATCH_URL", "localhost:8700", (Exit.USAGE, "bad_setting")),
        ("TABLEWATCH_URL", "http://[::1", (Exit.USAGE, "bad_setting")),
        ("TABLEWATCH_URL", "http://host:99999", (Exit.USAGE, "bad_setting")),
        ("TABLEWATCH_URL", "ftp://host", (Exit.USAGE, "bad_setting")),
        ("TABLEWATCH_URL", "http://user:SECRET@host", (Exit.USAGE, "bad_setting")),
        ("TABLEWATCH_URL", "http://nowhere.invalid", (Exit.UNREACHABLE, "api_unreachable")),
        ("TABLEWATCH_URL", "http://127.0.0.1:9", (Exit.UNREACHABLE, "api_unreachable")),
        ("TABLEWATCH_KEY", "SECRET\u00e9", (Exit.USAGE, "bad_setting")),
        ("TABLEWATCH_KEY", "SECRET two", (Exit.USAGE, "bad_setting")),
        ("KAFKA_BOOTSTRAP", "host:port", (Exit.USAGE, "bad_setting")),
        ("KAFKA_BOOTSTRAP", "host:0", (Exit.USAGE, "bad_setting")),
        ("ALL_PROXY", "socks9://proxy:1", (Exit.USAGE, "bad_setting")),
        ("SSL_CERT_FILE", "/nowhere/cert.pem", (Exit.USAGE, "bad_setting")),
    ],
)
def test_settings_that_cannot_be_used(
    server: type[Stub],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    expected: Any,
) -> None:
    monkeypatch.setenv(variable, value)
    code = run("hazards", "--json")
    shown = capsys.readouterr()
    assert (code, json.loads(shown.out)["error"]["code"]) == expected
    assert "SECRET" not in shown.out + shown.err


def test_tls_spoken_to_a_server_without_it_cannot_be_reached(
    server: type[Stub],
    monkeypatch: pytest.MonkeyPatch,
    error: Run,
) -> None:
    monkeypatch.setenv("TABLEWATCH_URL", load().api_url.replace("http:", "https:"))
    assert error("hazards") == (Exit.UNREACHABLE, "api_unreachable")


@pytest.mark.parametrize("written", ["{", "[]", '{"api_url": 7, "key": []}', "[" * 100_000])
def test_a_run_json_that_is_none_is_no_stack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Run, written: str
) -> None:
    monkeypatch.delenv("TABLEWATCH_URL", raising=False)
    monkeypatch.delenv("TABLEWATCH_KEY", raising=False)
    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    (tmp_path / "run.json").write_text(written)
    assert error("hazards") == (Exit.UNREACHABLE, "no_stack")


@pytest.mark.parametrize(
    "words",
    [
        ("upload", "CLIP", "--every", "nan"),
        ("upload", "CLIP", "--every", "inf"),
        ("upload", "CLIP", "--every", "1e300"),
        ("upload", "CLIP", "--layout", "9" * 5000),
        ("upload", "CLIP", "--quality", "\u00b2"),
        ("upload", "/nowhere.mp4"),
        ("upload", "/"),
        ("upload", "/dev/zero"),
        ("ledger", "--wait", "nan"),
        ("tail", "table.state", "--since", "99999999999d"),
        ("tail", "table.state", "--since", "0001-01-01"),
        ("dlq", "show", "t.dlq", "--offset", "9" * 30),
        ("quota", "set", "site_1", "--originals", "999999999999999P", "--pictures", "1"),
        ("frames", "../sites"),
        ("frames", ""),
        ("why-stuck", "vid_1?x=1"),
    ],
)
def test_what_is_typed_wrong_is_wrong_usage(
    server: type[Stub],
    tmp_path: Path,
    error: Run,
    words: tuple[str, ...],
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    clip = str(tmp_path / "clip.mp4")
    assert error(*(clip if each == "CLIP" else each for each in words)) == (Exit.USAGE, "usage")
    assert server.seen == []


def test_a_fault_of_ours_is_a_sentence_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def faulty(_topic: str) -> None:
        raise LookupError("\x1b[31mno such thing")

    monkeypatch.setattr("tablewatch_cli.commands.topics.contracts.schema", faulty)
    assert run("schema", "table.state") == Exit.FAULT
    shown = capsys.readouterr().err
    assert shown.startswith("error: internal_error: ")
    assert ("Traceback" in shown, "\x1b" in shown) == (False, False)
    monkeypatch.setenv("TABLEWATCH_TRACEBACK", "1")
    run("schema", "table.state")
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        (b"caf\xe9.mp4", "caf\\xe9.mp4"),
        ("caf\u00e9.mp4".encode(), "caf\u00e9.mp4"),
        (b"two\nlines.mp4", "two\\x0alines.mp4"),
        (b"\xff" * 200 + b".mp4", ("\\xff" * 200 + ".mp4")[-500:]),
    ],
)
def test_a_file_of_any_name_is_uploaded(
    server: type[Stub],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: bytes,
    sent: str,
) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118 (a name in bytes)
    path.write_bytes(b"hello")
    _upload_answers(server, load().api_url, 5, JOB, (204, (("Upload-Offset", "5"),)))
    assert run("upload", str(path), "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["status"] == "done"
    assert _created(server) == {"filename": sent, "size_bytes": 5}
    assert plain_name(path) == sent


def test_a_pipe_is_read_to_its_end(server: type[Stub], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe.mp4").write_bytes(b"hello"), daemon=True)
    writer.start()
    _upload_answers(server, load().api_url, 5, JOB, (204, (("Upload-Offset", "5"),)))
    assert run("upload", str(tmp_path / "pipe.mp4"), "--filename", "evening.mp4") == Exit.OK
    writer.join(10)
    assert _created(server) == {"filename": "evening.mp4", "size_bytes": 5}
    assert _sent(server) == b"hello"


def _created(server: type[Stub]) -> dict[str, Any]:
    body = next(json.loads(body) for method, path, body in server.seen if (method, path) == ("POST", "/v1/videos"))
    return {name: body[name] for name in ("filename", "size_bytes")}


def _sent(server: type[Stub]) -> bytes:
    return b"".join(body for method, _, body in server.seen if method == "PATCH")


@pytest.mark.parametrize("change", [b"", b"more than before"])
def test_a_file_that_changes_is_not_uploaded_and_its_video_is_cancelled(
    server: type[Stub],
    tmp_path: Path,
    error: Run,
    monkeypatch: pytest.MonkeyPatch,
    change: bytes,
) -> None:
    monkeypatch.setattr("tablewatch_cli.upload.CHUNK_BYTES", 4)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")

    def half() -> Any:
        clip.write_bytes(change)
        yield (("Upload-Offset", "4"),)

    _upload_answers(server, load().api_url, 5, JOB, (204, half()))
    server.answers[("POST", "/v1/videos/vid_1/cancel")] = (200, JOB)
    assert error("upload", str(clip)) == (Exit.LOCAL_IO, "file_changed")
    assert _sent(server) == b"hell"
    assert server.seen[-1][:2] == ("POST", "/v1/videos/vid_1/cancel")


@pytest.mark.parametrize(
    "patch",
    [
        (204, ()),
        (200, HTML),
        (204, (("Upload-Offset", "many"),)),
        (204, (("Upload-Offset", "0"),)),
        (204, (("Upload-Offset", "9"),)),
    ],
)
def test_a_server_that_does_not_speak_tus_ends_the_upload(
    server: type[Stub],
    tmp_path: Path,
    error: Run,
    patch: Any,
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")
    _upload_answers(server, load().api_url, 5, JOB, patch)
    assert error("upload", str(clip)) == (Exit.UNREACHABLE, "no_answer")


@pytest.mark.parametrize("address", ["http://[::1", "nowhere", "gopher://host/"])
def test_an_upload_address_that_is_none_is_not_tried_for_minutes(
    server: type[Stub],
    tmp_path: Path,
    error: Run,
    address: str,
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")
    _upload_answers(server, address, 5, JOB, (204, ()))
    assert error("upload", str(clip)) == (Exit.UNREACHABLE, "upload_interrupted")


def test_ctrl_c_says_what_becomes_of_the_video(
    server: type[Stub],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")

    def pressed() -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        yield (("Upload-Offset", "5"),)

    _upload_answers(server, load().api_url, 5, JOB, (204, pressed()))
    assert run("upload", str(clip)) == Exit.INTERRUPTED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.strip().splitlines()[0] == "vid_1 was not uploaded to its end: nothing is made of it"
    assert "Traceback" not in shown.err


def test_standard_input_that_is_a_terminal_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
    server: type[Stub],
    error: Run,
) -> None:
    monkeypatch.setattr("os.isatty", lambda _number: True)
    assert error("upload", "-") == (Exit.USAGE, "usage")
    assert server.seen == []
