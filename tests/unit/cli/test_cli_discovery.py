"""`cameras discover`: waited for, printed for people and programs."""

import json

import pytest
from tests.unit.cli.test_cli_commands import Stub, run, server

from tablewatch_cli import devices
from tablewatch_cli.errors import Exit

__all__ = ["server"]
PROFILE = {
    "name": "main", "codec": "h264", "width": 1920, "height": 1080, "frames_per_s": 25,
    "stream_address": "rtsp://10.0.0.4/s", "snapshot_address": None, "error": None,
}  # fmt: skip
ELSEWHERE = {"code": "points_elsewhere", "reason": "Not its own."}
CAMERA = {
    "endpoint": "urn:uuid:1", "name": "Bar", "maker": "Example", "model": "EX-4", "addresses": ["10.0.0.4", "fd12::4"],
    "service_address": "http://10.0.0.4/s", "needs_password": True,
    "profiles": [PROFILE, PROFILE | {"name": "sub", "stream_address": None, "codec": None, "width": None,
                                     "frames_per_s": None, "error": ELSEWHERE}],
    "error": None,
}  # fmt: skip
LOCKED = {"addresses": ["10.0.0.5"], "profiles": [], "error": {"code": "password_needed", "reason": "Enter it."}}
DONE = {
    "discovery_id": "dsc_1", "status": "done", "devices": [CAMERA, LOCKED], "interfaces": ["eth0"], "others": 2,
    "left_out": 0, "error": None,
}  # fmt: skip


def test_cameras_are_looked_for_and_printed(
    server: type[Stub], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tablewatch_cli.commands.cameras.POLL_S", 0.0)
    monkeypatch.setenv("TABLEWATCH_CAMERA_PASSWORD", "hunter2")
    waiting = DONE | {"status": "waiting", "devices": None}
    server.answers[("POST", "/v1/discoveries")] = (202, waiting)
    server.answers[("GET", "/v1/discoveries/dsc_1")] = (200, iter([waiting, DONE, DONE]))
    assert run("cameras", "discover", "--user", "admin") == Exit.OK
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "10.0.0.4, fd12::4  Bar Example EX-4, needs a password",
        "  rtsp://10.0.0.4/s  main (H.264, 1920 x 1080, 25 pictures a second)",
        "  points_elsewhere: Not its own.  sub",
        "10.0.0.5  unnamed",
        "  password_needed: Enter it.",
    ]
    assert printed.err == "2 more answered, and are no cameras.\n"
    sent = json.loads(next(body for method, _, body in server.seen if method == "POST"))
    assert sent == {"user": "admin", "password": "hunter2"}
    assert run("cameras", "discover", "--user", "admin", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == DONE


def test_a_discovery_that_fails_says_what_to_do(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    failed = DONE | {"status": "failed", "devices": None, "error": {"code": "discovery_off", "reason": "Enter it."}}
    server.answers[("POST", "/v1/discoveries")] = (202, failed)
    assert run("cameras", "discover") == Exit.REFUSED
    assert capsys.readouterr().err == "error: discovery_off: Enter it.\n"


def test_nothing_found_says_what_the_network_needs() -> None:
    [note] = devices.notes(DONE | {"devices": [], "others": 0})
    assert "through eth0" in note
    assert list(devices.notes(DONE | {"others": 0, "left_out": 3})) == ["3 more answered, and are not shown."]
