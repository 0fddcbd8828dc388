"""Servers that mean harm: an answer in time, a code and an exit code for each, and the key is told to nobody else."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.unit.cli.test_cli_commands import JOB, Stub, _upload_answers, run, server
from tests.unit.cli.test_cli_strange import error

from tablewatch_cli import tus_patches, web
from tablewatch_cli.errors import Exit
from tablewatch_cli.settings import load

__all__ = ["error", "server"]
Run = Callable[..., tuple[int, str]]
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egpj"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
COMMANDS = (
    ("states",), ("hazards",), ("cameras",), ("videos",), ("quota", "show"), ("frames", "vid_1"),
    ("why-stuck", "vid_1"),
    ("upload", "CLIP", "--wait"),
)  # fmt: skip


@pytest.fixture
def raw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Any], list[bytes]]]:
    """Answers every connection with what `make` yields; what was asked is in the list that it returns."""
    monkeypatch.setenv("TABLEWATCH_KEY", "SECRET-KEY")
    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    open_now: list[socket.socket] = []

    def start(make: Callable[[], Iterator[bytes]]) -> list[bytes]:
        asked: list[bytes] = []
        listening = socket.create_server(("127.0.0.1", 0))
        open_now.append(listening)
        monkeypatch.setenv("TABLEWATCH_URL", f"http://127.0.0.1:{listening.getsockname()[1]}")

        def answer(client: socket.socket) -> None:
            with client, suppress(OSError):
                asked.append(client.recv(65536))
                for each in make():
                    client.sendall(each)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

        Thread(target=serve, daemon=True).start()
        return asked

    yield start
    for each in open_now:
        each.close()


def endless(piece: bytes, pause_s: float = 0) -> Iterator[bytes]:
    yield HEAD + b"\r\n"
    while True:
        yield piece
        time.sleep(pause_s)


def packed() -> Iterator[bytes]:
    body = gzip.compress(b" " * 200_000_000, 9)
    yield HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def headers_without_end() -> Iterator[bytes]:
    yield HEAD
    for number in range(1_000_000):
        yield b"X-%d: %s\r\n" % (number, b"x" * 1000)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: endless(b" " * 65536),
        lambda: endless(b" ", 0.01),
        packed,
        headers_without_end,
        lambda: iter([HEAD + b"Content-Length: 100\r\n\r\n{"]),
        lambda: iter([b"\x00\xff" * 500]),
        lambda: iter([b""]),
        lambda: iter([HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"]),
    ],
)
def test_an_answer_that_does_not_end_as_it_should(
    raw: Callable[[Any], list[bytes]], error: Run, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(web, "WHOLE_S", 0.5)
    raw(answer)
    assert error("states") == (Exit.UNREACHABLE, "api_unreachable")


@pytest.mark.parametrize(
    "nested", ["[" * 100_000, '{"a":' * 100_000, '{"items":' + "[" * 100_000 + "]" * 100_000 + "}"]
)
def test_json_that_is_nested_without_end(raw: Callable[[Any], list[bytes]], error: Run, nested: str) -> None:
    body = nested.encode()
    raw(lambda: iter([HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body]))
    assert error("states") == (Exit.UNREACHABLE, "no_answer")


def test_pages_that_do_not_end(server: type[Stub], error: Run) -> None:
    for cursor in ("", "?cursor=1"):
        server.answers[("GET", f"/v1/states{cursor}")] = (200, {"items": [], "next_cursor": "1"})
    assert error("states") == (Exit.UNREACHABLE, "no_answer")
    server.answers[("GET", "/v1/states")] = (200, {"items": [], "next_cursor": {"a": 1}})
    assert error("states") == (Exit.UNREACHABLE, "no_answer")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_key_goes_to_no_other_server(raw: Callable[[Any], list[bytes]], error: Run, status: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.2)
        to = f"http://127.0.0.1:{other.getsockname()[1]}/"
        raw(lambda: iter([f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()]))
        assert error("states") == (Exit.UNREACHABLE, "no_answer")
        with pytest.raises(TimeoutError):
            other.accept()


@pytest.mark.parametrize("answer", [201, 307])
def test_the_upload_token_goes_to_no_other_server(server: type[Stub], tmp_path: Path, error: Run, answer: int) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.2)
        _upload_answers(server, load().api_url, 5, JOB, (204, ()))
        to = f"http://127.0.0.1:{other.getsockname()[1]}/v1/uploads/vid_1"
        server.answers[("POST", "/v1/uploads")] = (answer, (("Location", to),))
        code, _ = error("upload", str(clip))
        assert code in (Exit.UNREACHABLE, Exit.REFUSED)
        with pytest.raises(TimeoutError):
            other.accept()


def test_a_silent_server_of_uploads_is_not_waited_for_without_end(
    server: type[Stub], tmp_path: Path, error: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tus_patches, "SILENT_S", 0.2)
    monkeypatch.setattr("tablewatch_cli.upload.RETRY_FOR_S", 0.1)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _upload_answers(server, f"http://127.0.0.1:{silent.getsockname()[1]}", 5, JOB, (204, ()))
        assert error("upload", str(clip)) == (Exit.UNREACHABLE, "upload_interrupted")


WRONG = {
    "progress": "90", "status": ["done"], "stage": {}, "frames": "3", "error": "broken", "waiting": "x",
    "stages": 3, "next": 3, "eta_s": "soon",
}  # fmt: skip


@pytest.mark.parametrize("name", list(WRONG))
@pytest.mark.parametrize("words", [("upload", "CLIP", "--wait"), ("why-stuck", "vid_1")])
def test_fields_of_another_type_are_no_fault_of_ours(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, words: tuple[str, ...]
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")
    _upload_answers(server, load().api_url, 5, {**JOB, name: WRONG[name]}, (204, (("Upload-Offset", "5"),)))
    code = run(*(str(clip) if each == "CLIP" else each for each in words))
    assert (code != Exit.FAULT, "Traceback" in capsys.readouterr().err) == (True, False)


@pytest.mark.parametrize("words", COMMANDS)
def test_what_a_server_says_moves_no_terminal(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"hello")
    job = {**JOB, "status": "failed", "error": {"code": ESCAPES, "reason": ESCAPES}, "run_id": ESCAPES}
    _upload_answers(server, load().api_url, 5, job, (204, (("Upload-Offset", "5"),)))
    named = (
        "table_id",
        "label",
        "state",
        "hazard_id",
        "kind",
        "camera_id",
        "name",
        "site_id",
        "url",
        "status",
        "filename",
    )
    items = {"items": [dict.fromkeys(named, ESCAPES)], "next_cursor": None}
    for path in ("/v1/states", "/v1/hazards", "/v1/cameras", "/v1/sites", "/v1/videos", "/v1/videos/vid_1/frames"):
        server.answers[("GET", path)] = (200, items)
    code = run(*(str(clip) if each == "CLIP" else each for each in words))
    shown = capsys.readouterr()
    assert code != Exit.FAULT
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(shown.out + shown.err)


@pytest.mark.parametrize("body", [b"\x00\xff" * 50, b"<html>", json.dumps({"code": 7, "detail": []}).encode(), b""])
@pytest.mark.parametrize("status", [401, 429, 500])
def test_errors_that_are_no_problem_documents(server: type[Stub], error: Run, status: int, body: bytes) -> None:
    server.answers[("GET", "/v1/states")] = (status, body)
    code, _ = error("states")
    assert code in (Exit.REFUSED, Exit.UNREACHABLE)
