"""`cameras layout source` against a small HTTP server."""

import json
from typing import Any

import pytest
from tests.unit.cli.test_cli_commands import Stub, run, server  # noqa: F401 (a fixture)

from tablewatch_cli.errors import Exit

PATH = "/v1/cameras/cam_1/layout-source"
MADE: dict[str, Any] = {
    "version": 3, "at": "2026-11-23T09:00:00.000Z", "kept": ["tbl_1"], "new": [], "retired": ["tbl_2"],
    "merged_from": {"tbl_1": ["tbl_1", "tbl_2"]}, "split_from": {},
    "warnings": [{"code": "zone_is_top", "table_id": "tbl_1", "label": "1", "sentence": "Heads would be outside."}],
}  # fmt: skip
SOURCE: dict[str, Any] = {
    "camera_id": "cam_1", "site_id": "site_1", "url": "https://cropper.example/", "every_s": 600, "has_token": True,
    "send_picture": False, "pulls": 1, "failures": 0, "next_at": "2026-11-23T09:10:00.000Z", "made": MADE,
    "last": {"at": MADE["at"], "code": "layout_pulled", "sentence": "Version 3 was made.", "version": 3},
}  # fmt: skip
SOURCE_GROUP = ("cameras", "layout", "source")


def test_show_has_what_came_of_it(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    server.answers[("GET", PATH)] = (200, SOURCE)
    assert run(*SOURCE_GROUP, "show", "cam_1") == Exit.OK
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "url        https://cropper.example/ every 600 s, without a picture, with a token",
        "next       2026-11-23T09:10:00.000Z",
        "last       2026-11-23T09:00:00.000Z layout_pulled: Version 3 was made.",
        "version    3 of 2026-11-23T09:00:00.000Z: 1 kept, 0 new, 1 retired",
        "           tbl_1 merged from tbl_1, tbl_2",
    ]
    assert shown.err.strip() == "1: Heads would be outside."
    assert run(*SOURCE_GROUP, "show", "cam_1", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == SOURCE


def test_set_takes_the_token_from_the_environment_and_never_as_an_argument(
    server: type[Stub], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    server.answers[("PUT", PATH)] = (200, SOURCE | {"last": None, "made": None})
    monkeypatch.setenv("TABLEWATCH_CROPPER_TOKEN", "theirs")
    to = ("set", "cam_1", "https://cropper.example/")
    sent = {"url": "https://cropper.example/", "send_picture": False}
    for options, body in (
        (("--every", "600", "--token"), sent | {"every_s": 600, "token": "theirs"}),
        (("--send-picture", "--no-token"), sent | {"send_picture": True, "token": ""}),
        ((), sent),
    ):
        assert run(*SOURCE_GROUP, *to, *options) == Exit.OK
        assert json.loads(server.seen[-1][2]) == body
    assert "not pulled yet" in capsys.readouterr().out
    assert run(*SOURCE_GROUP, *to, "--token", "--no-token") == Exit.USAGE
    assert run(*SOURCE_GROUP, "set", "cam_1", "https://a:b@cropper.example/") == Exit.USAGE


def test_pull_waits_for_the_outcome_and_remove_ends_it(
    server: type[Stub], capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    server.answers |= {("POST", f"{PATH}/pull"): (202, SOURCE), ("GET", PATH): (200, SOURCE | {"pulls": 2})}
    assert run(*SOURCE_GROUP, "pull", "cam_1", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["pulls"] == 2
    failed = {**SOURCE, "pulls": 2, "last": SOURCE["last"] | {"code": "layout_source_refused"}}
    server.answers[("GET", PATH)] = (200, failed)
    assert run(*SOURCE_GROUP, "pull", "cam_1") == Exit.REFUSED
    assert "layout_source_refused" in capsys.readouterr().out
    server.answers[("DELETE", PATH)] = (204, None)
    assert run(*SOURCE_GROUP, "remove", "cam_1", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"camera_id": "cam_1"}
