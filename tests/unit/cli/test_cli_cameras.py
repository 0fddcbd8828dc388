"""Cameras and sites set up from the command line: what is sent, what is printed, and what never leaves it."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest
from tests.unit.cli.test_cli_commands import Stub, run, server

from tablewatch_cli import camera_source, login
from tablewatch_cli.camera_source import Given
from tablewatch_cli.errors import Exit
from tablewatch_cli.settings import load

__all__ = ["server"]
RTSP = "rtsp://192.168.1.20:554/stream1"
CAMERA = {
    "camera_id": "cam_1", "site_id": "site_1", "name": "Window", "enabled": True,
    "source": {"type": "rtsp", "address": RTSP, "secret_ref": "secrets/site_1/cam_1.sealed", "transport": None},
    "capture": {"state": "captured", "reason": None}, "state": "verified",
    "cadence_ms": 10_000, "look_every_ms": 0, "max_age_ms": 60_000,
    "detector": None, "opening_hours": None, "version": 1, "layout_version": 3, "created_at": "", "updated_at": "",
}  # fmt: skip
LIVE = {"status": "live", "code": None, "since": "2026-11-28T20:00:00Z", "reason": "Frames arrive on time.",
        "observed_at": "2026-11-28T20:01:10Z", "last_frame_at": "2026-11-28T20:01:00Z",
        "snapshot_key": "snapshots/site_1/cam_1/last-good.jpg"}  # fmt: skip
SITE = {
    "site_id": "site_1", "name": "Harbour", "timezone": "Europe/Berlin", "detector": None, "opening_hours": None,
    "version": 1, "created_at": "",
}  # fmt: skip
OF_CAMERA = ("GET", "/v1/cameras/cam_1")
CHANGE = ("PATCH", "/v1/cameras/cam_1")


@pytest.fixture(autouse=True)
def answers(server: type[Stub], monkeypatch: pytest.MonkeyPatch) -> type[Stub]:
    for name in (login.USER, login.PASSWORD):
        monkeypatch.delenv(name, raising=False)
    server.answers |= {
        ("POST", "/v1/cameras"): (201, CAMERA),
        OF_CAMERA: (200, CAMERA | {"status": LIVE}),
        CHANGE: (200, CAMERA),
        ("GET", "/v1/sites/site_1"): (200, SITE),
        ("GET", "/v1/sites"): (200, {"items": [SITE], "next_cursor": None}),
        ("PATCH", "/v1/sites/site_1"): (200, SITE),
    }
    return server


def sent(server: type[Stub], method: str) -> object:
    """The body of the only request of a method."""
    (body,) = (body for asked, _, body in server.seen if asked == method)
    return json.loads(body)


def test_a_camera_is_registered_with_all_that_is_named(
    server: type[Stub], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(login.PASSWORD, "hunter2")
    assert run(
        "cameras", "add", RTSP, "--name", "Window", "--user", "admin", "--transport", "udp", "--cadence", "2.5",
        "--look-every", "20", "--max-age", "30", "--detector", "dfine", "--hours", "mon-fri 10:00-23:00",
        "--timezone", "Europe/Berlin", "--site", "site_1", "--paused",
    ) == Exit.OK  # fmt: skip
    week = {day: ["10:00-23:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    assert sent(server, "POST") == {
        "name": "Window", "site_id": "site_1", "enabled": False, "cadence_ms": 2500, "look_every_ms": 20_000,
        "max_age_ms": 30_000, "detector": "dfine", "opening_hours": week | {"saturday": [], "sunday": []},
        "source": {"type": "rtsp", "address": RTSP, "transport": "udp", "user": "admin", "password": "hunter2"},
    }  # fmt: skip
    shown = capsys.readouterr()
    assert shown.out.startswith("cam_1 Window is registered")
    assert "hunter2" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("address", "options", "source"),
    [
        ("https://cam.example/live.m3u8", (), {"type": "hls", "address": "https://cam.example/live.m3u8"}),
        ("http://cam.example/now.jpg", (), {"type": "snapshot", "address": "http://cam.example/now.jpg"}),
        ("hall.mp4", (), {"type": "file", "address": "hall.mp4"}),
        ("http://cam.example/x", ("--type", "hls"), {"type": "hls", "address": "http://cam.example/x"}),
        (None, (), {"type": "none"}),
    ],
)
def test_the_kind_of_source_is_that_of_the_address(
    server: type[Stub], address: str | None, options: tuple[str, ...], source: object
) -> None:
    assert run("cameras", "add", *([address] if address else []), "--name", "Hall", *options, "--json") == Exit.OK
    assert sent(server, "POST") == {"name": "Hall", "enabled": True, "source": source}


def test_a_login_is_read_from_standard_input(server: type[Stub], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("admin\nhunter 2 \n"))
    assert run("cameras", "add", RTSP, "--name", "Window", "--login-stdin") == Exit.OK
    source = {"type": "rtsp", "address": RTSP, "user": "admin", "password": "hunter 2 "}
    assert sent(server, "POST") == {"name": "Window", "enabled": True, "source": source}


def test_a_login_is_of_the_environment(server: type[Stub], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(login.USER, "admin")
    monkeypatch.setenv(login.PASSWORD, "hunter2")
    assert run("cameras", "update", "cam_1", "--address", "rtsp://192.168.1.30/a") == Exit.OK
    assert run("cameras", "update", "cam_1", "--name", "Door") == Exit.OK
    first, second = (json.loads(body) for asked, _, body in server.seen if asked == "PATCH")
    source = {"type": "rtsp", "address": "rtsp://192.168.1.30/a", "user": "admin", "password": "hunter2"}
    assert (first, second) == ({"source": source}, {"name": "Door"})


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "rtsp://admin:hunter2@192.168.1.20/", "--name", "Window"),
        ("add", "rtsp://[::1", "--name", "Window"),
        ("add", "--name", "Window", "--transport", "udp"),
        ("add", RTSP, "--name", "Window", "--hours", "mon 10:00-12:00", "--always-open"),
        ("add", RTSP, "--name", "Window", "--hours", "weekdays"),
        ("add", RTSP, "--name", "Window", "--timezone", "Europe/Vienna", "--site", "site_1"),
        ("add", RTSP, "--name", "Window", "--login", "--login-stdin"),
        ("update", "cam_1"),
        ("update", "cam_1", "--address", "rtsp://192.168.1.30/a"),
        ("update", "cam_1", "--site-hours", "--always-open"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    server: type[Stub], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run("cameras", *arguments) == Exit.USAGE
    assert {asked for asked, _, _ in server.seen} <= {"GET"}
    assert "hunter2" not in capsys.readouterr().err


def test_an_error_of_the_api_is_shown_with_its_code(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    server.answers["POST", "/v1/cameras"] = (422, {"code": "transport_invalid", "detail": "Of rtsp only."})
    assert run("cameras", "add", RTSP, "--name", "Window", "--json") == Exit.REFUSED
    shown = capsys.readouterr()
    assert shown.err == "error: transport_invalid: Of rtsp only.\n"
    assert json.loads(shown.out) == {"error": {"code": "transport_invalid", "reason": "Of rtsp only."}}


def test_a_missing_site_is_named_as_the_option_that_has_it(
    server: type[Stub], capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["POST", "/v1/cameras"] = (422, {"code": "site_required", "detail": "Say which with site_id."})
    assert run("cameras", "add", RTSP, "--name", "Window") == Exit.REFUSED
    shown = capsys.readouterr().err
    assert "site_required" in shown and "--site" in shown and "site_id" not in shown


def test_a_section_is_named_and_a_number_given(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    sections = [{"section_id": "sec_1", "name": "Terrace"}]
    server.answers["GET", "/v1/sites/site_1/sections"] = (200, {"items": sections, "next_cursor": None})
    named = ("--number", "7", "--section", "Terrace", "--notes", "Ladder in the cellar")
    assert run("cameras", "add", "--name", "Window", *named) == Exit.OK
    identity = {"number": 7, "section_id": "sec_1", "notes": "Ladder in the cellar"}
    made = {"name": "Window", "site_id": "site_1", "enabled": True, "source": {"type": "none"}}
    assert sent(server, "POST") == made | identity
    assert run("cameras", "update", "cam_1", "--number", "8", "--no-section", "--notes", "") == Exit.OK
    assert sent(server, "PATCH") == {"number": 8, "section_id": None, "notes": None}
    assert run("cameras", "update", "cam_1", "--section", "Cellar") == Exit.USAGE
    assert "The site has no section Cellar: Terrace." in capsys.readouterr().err


def test_only_what_is_named_changes(server: type[Stub]) -> None:
    assert run("cameras", "update", "cam_1", "--cadence", "0.5", "--site-hours", "--default-detector") == Exit.OK
    assert sent(server, "PATCH") == {"cadence_ms": 500, "opening_hours": None, "detector": None}


def test_a_source_that_is_changed_keeps_its_password_for_the_same_address() -> None:
    current = dict(CAMERA["source"])  # type: ignore[call-overload]
    kept = {"type": "rtsp", "address": RTSP, "secret_ref": "secrets/site_1/cam_1.sealed", "transport": "udp"}
    assert camera_source.changed(current, Given(transport="udp")) == kept
    assert camera_source.changed(current | {"transport": "udp"}, Given(address=RTSP)) == kept
    forgotten = {"type": "rtsp", "address": RTSP}
    assert camera_source.changed(current, Given(forget=True)) == forgotten
    playlist = Given(address="http://x/live.m3u8", forget=True)
    assert camera_source.changed(current | {"transport": "udp"}, playlist) == {
        "type": "hls", "address": "http://x/live.m3u8",
    }  # fmt: skip
    assert camera_source.changed(current, Given(kind="none")) == {"type": "none"}


def test_a_camera_is_paused_and_resumed(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("cameras", "pause", "cam_1") == Exit.OK
    assert run("cameras", "resume", "cam_1", "--json") == Exit.OK
    assert [json.loads(body) for asked, _, body in server.seen if asked == "PATCH"] == [
        {"enabled": False},
        {"enabled": True},
    ]
    assert capsys.readouterr().out.startswith("cam_1 Window is paused\n{")


def test_a_camera_is_removed_once_somebody_has_said_yes(
    server: type[Stub], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["DELETE", "/v1/cameras/cam_1"] = (204, None)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run("cameras", "remove", "cam_1") == Exit.INTERRUPTED
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run("cameras", "remove", "cam_1") == Exit.USAGE
    assert "--yes does it without asking" in capsys.readouterr().err
    assert "DELETE" not in {asked for asked, _, _ in server.seen}
    assert run("cameras", "remove", "cam_1", "--yes") == Exit.OK
    assert "cam_1 Window is removed" in capsys.readouterr().out
    server.answers["DELETE", "/v1/cameras/cam_1"] = (412, {"code": "version_conflict", "detail": "Read it again."})
    assert run("cameras", "remove", "cam_1", "--yes") == Exit.REFUSED


def test_a_camera_is_shown_with_the_hours_that_hold(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("cameras", "show", "cam_1") == Exit.OK
    shown = capsys.readouterr().out.splitlines()
    assert f"source     rtsp {RTSP}, with a password" in shown
    assert "hours      of the site: always open (Europe/Berlin)" in shown
    assert "cadence    every 10 s, dropped after 60 s" in shown
    assert "status     live since 2026-11-28T20:00:00Z. Frames arrive on time." in shown
    assert "state      verified: pictures come; draw its tables" in shown


def test_status_waits_until_a_camera_is_live(
    server: type[Stub], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tablewatch_cli.commands.camera_views.POLL_S", 0.0)
    silent, live = CAMERA | {"status": None}, CAMERA | {"status": LIVE}
    server.answers[OF_CAMERA] = (200, iter([silent, silent, live]))
    assert run("cameras", "status", "cam_1", "--wait", "60", "--json") == Exit.OK
    [row] = json.loads(capsys.readouterr().out)
    assert (row["status"], row["observed_at"]) == ("live", LIVE["observed_at"])
    server.answers[OF_CAMERA] = (200, live)
    assert run("cameras", "status", "cam_1") == Exit.OK
    assert re.search(r"heard ago .*\n.* \d+[smhd] ", capsys.readouterr().out)
    server.answers[OF_CAMERA] = (200, silent)
    server.answers["GET", "/v1/cameras"] = (200, {"items": [CAMERA], "next_cursor": None})
    assert run("cameras", "status") == Exit.UNHEALTHY
    assert "Nothing has been heard of it yet." in capsys.readouterr().out


def test_a_snapshot_is_the_newest_picture_that_was_looked_at(
    server: type[Stub], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    url = f"{load().api_url}/v1/objects/a.jpg"
    view = {"captured_at": "2026-11-28T20:02:00Z", "url": url}
    server.answers |= {("GET", "/v1/cameras/cam_1/view"): (200, view), ("GET", "/v1/objects/a.jpg"): (200, b"\xff\xd8")}
    assert run("cameras", "snapshot", "cam_1") == Exit.OK
    assert capsys.readouterr().out == f"{url}\n"
    assert run("cameras", "snapshot", "cam_1", "-o", str(tmp_path / "a.jpg"), "--json") == Exit.OK
    assert (tmp_path / "a.jpg").read_bytes() == b"\xff\xd8"
    assert json.loads(capsys.readouterr().out) == {"camera_id": "cam_1", **view}
    assert run("cameras", "snapshot", "cam_1", "-o", str(tmp_path / "none" / "a.jpg")) == Exit.LOCAL_IO


def test_without_a_look_a_snapshot_is_the_last_good_one(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    server.answers |= {
        ("GET", "/v1/cameras/cam_1/view"): (404, {"code": "view_not_found", "detail": "Nothing."}),
        ("POST", "/v1/links"): (200, {"url": "http://x/last-good.jpg"}),
    }
    assert run("cameras", "snapshot", "cam_1") == Exit.OK
    assert capsys.readouterr().out == "http://x/last-good.jpg\n"
    assert sent(server, "POST") == {"object_key": "snapshots/site_1/cam_1/last-good.jpg"}
    server.answers[OF_CAMERA] = (200, CAMERA | {"status": None})
    assert run("cameras", "snapshot", "cam_1") == Exit.REFUSED
    assert "no_snapshot" in capsys.readouterr().err


PROPOSAL = {
    "proposal_id": "prp_1", "site_id": "site_1", "camera_id": "cam_1", "layout_version": 3, "made_at": "2026-11-28",
    "code": None, "reason": "All tables were found.", "lost_table_ids": ["tbl_9"], "reference": {"width": 8},
    "tables": [{"table_id": "tbl_1", "label": "7"}], "floor": [], "ignore": [],
    "before_url": "http://x/b", "after_url": "http://x/a",
}  # fmt: skip


LAYOUT_PROPOSAL = "/v1/cameras/cam_1/layout/proposal"
SAVED = {"version": 4, "kept": ["tbl_1"], "new": [], "retired": ["tbl_9"]}
DECIDED = {
    "proposal_id": "prp_1", "decided_at": "2026-11-29", "decision": "dismissed", "by": "anna", "layout_version": 3,
    "new_version": None, "note": "turned back", "before_url": "http://x/b", "after_url": "http://x/a",
}  # fmt: skip


def test_a_proposal_is_shown_and_accepted_as_it_is_or_mended(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers |= {
        ("GET", LAYOUT_PROPOSAL): (200, PROPOSAL),
        ("POST", f"{LAYOUT_PROPOSAL}/accept"): (200, SAVED),
    }
    assert run("cameras", "proposal", "show", "cam_1") == Exit.OK
    assert "lost       tbl_9" in capsys.readouterr().out
    assert "POST" not in {asked for asked, _, _ in server.seen}
    assert run("cameras", "proposal", "accept", "cam_1", "--note", "looks right") == Exit.OK
    assert sent(server, "POST") == {"proposal_id": "prp_1", "note": "looks right"}
    assert capsys.readouterr().out == "version 4 of cam_1: 1 kept, 0 new, 1 retired\n"
    refused = PROPOSAL | {"code": "not_recognised", "reason": "Another room.", "tables": None}
    server.answers["GET", LAYOUT_PROPOSAL] = (200, refused)
    assert run("cameras", "proposal", "accept", "cam_1") == Exit.REFUSED
    assert capsys.readouterr().err == "error: not_recognised: Another room.\n"
    mended = tmp_path / "mended.json"
    mended.write_text('{"version": 3, "reference": {"width": 8, "height": 8}, "tables": []}')
    server.seen.clear()
    assert run("cameras", "proposal", "accept", "cam_1", "--layout", str(mended)) == Exit.OK
    drawing = {"reference": {"width": 8, "height": 8}, "tables": []}
    assert sent(server, "POST") == {"proposal_id": "prp_1", "layout": drawing}


def test_a_proposal_is_dismissed_and_what_was_decided_is_listed(
    server: type[Stub], capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers |= {
        ("GET", LAYOUT_PROPOSAL): (200, PROPOSAL),
        ("POST", f"{LAYOUT_PROPOSAL}/dismiss"): (200, DECIDED),
        ("GET", "/v1/cameras/cam_1/proposals"): (200, {"items": [DECIDED], "next_cursor": None}),
    }
    assert run("cameras", "proposal", "dismiss", "cam_1", "--note", "turned back") == Exit.OK
    assert sent(server, "POST") == {"proposal_id": "prp_1", "note": "turned back"}
    assert capsys.readouterr().out == "prp_1 dismissed\n"
    assert run("cameras", "proposal", "history", "cam_1") == Exit.OK
    assert "dismissed" in (shown := capsys.readouterr().out) and "anna" in shown
    assert run("cameras", "proposal", "history", "cam_1", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == [DECIDED]


def test_the_hours_and_the_clock_of_a_site_are_set(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("sites", "update", "site_1", "--hours", "daily 11:00-23:00", "--timezone", "Europe/Vienna") == Exit.OK
    assert run("sites", "update", "site_1", "--always-open", "--json") == Exit.OK
    first, second = (json.loads(body) for asked, _, body in server.seen if asked == "PATCH")
    assert (first["timezone"], first["opening_hours"]["sunday"]) == ("Europe/Vienna", ["11:00-23:00"])
    assert second == {"opening_hours": None}
    assert run("sites", "update", "site_1") == Exit.USAGE
    assert run("sites", "update", "site_1", "--always-open", "--hours", "daily 11:00-23:00") == Exit.USAGE
    capsys.readouterr()
    assert run("sites", "list") == Exit.OK
    assert "Harbour  Europe/Berlin  always open" in capsys.readouterr().out


def test_a_login_that_is_forgotten_is_not_taken_from_the_environment(
    server: type[Stub], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(login.USER, "admin")
    monkeypatch.setenv(login.PASSWORD, "hunter2")
    other = "rtsp://192.168.1.21/stream1"
    assert run("cameras", "update", "cam_1", "--address", other, "--no-login") == Exit.OK
    assert sent(server, "PATCH") == {"source": {"type": "rtsp", "address": other}}
    assert run("cameras", "update", "cam_1", "--no-login", "--user", "admin") == Exit.USAGE
    assert "Choose one of" in capsys.readouterr().err


def test_a_source_that_somebody_else_changed_meanwhile_is_not_taken_back(server: type[Stub]) -> None:
    current = json.dumps(CAMERA | {"status": LIVE}).encode()
    server.tags = {OF_CAMERA: '"camera-1-live"'}
    server.answers[OF_CAMERA] = (200, current)
    assert run("cameras", "update", "cam_1", "--transport", "udp") == Exit.OK
    assert run("cameras", "update", "cam_1", "--name", "Door") == Exit.OK
    assert server.conditions == ['"camera-1-live"'], "a name is of nobody else's source"


def test_a_host_without_a_scheme_is_no_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("cameras", "add", "192.168.1.20:554/stream1", "--site", "site_1", "--name", "Door") == Exit.USAGE
    assert "rtsp://192.168.1.20:554/stream1" in capsys.readouterr().err
