"""`cameras layout` against a small HTTP server."""

import json
from pathlib import Path

import pytest
from tests.unit.cli.test_cli_commands import Stub, run, server  # noqa: F401 (a fixture)

from tablewatch_cli.errors import Exit

LAYOUT = "/v1/cameras/cam_1/layout"
TABLE = {"table_id": "tbl_1", "label": "1", "seats": 4, "section_id": None, "polygon": [[0, 0]] * 5, "top": None}
SAVED = {
    "version": 3, "created_at": "2026-11-23T09:00:00.000Z", "reference": {"width": 1280, "height": 720},
    "tables": [TABLE], "floor": [], "kept": ["tbl_1"], "new": [], "retired": ["tbl_2", "tbl_3"],
    "merged_from": {"tbl_1": ["tbl_1", "tbl_2"]}, "split_from": {},
    "warnings": [{"code": "zone_is_top", "table_id": "tbl_1", "label": "1", "sentence": "Heads would be outside."}],
}  # fmt: skip


def test_show_prints_the_tables(server: type[Stub], capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    server.answers |= {("GET", LAYOUT): (200, SAVED), ("GET", f"{LAYOUT}s/2"): (200, SAVED | {"version": 2})}
    assert run("cameras", "layout", "show", "cam_1") == Exit.OK
    shown = capsys.readouterr()
    assert "tbl_1" in shown.out and "version 3" in shown.err
    assert run("cameras", "layout", "show", "cam_1", "--version", "2", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["version"] == 2


def test_import_reads_json_and_yaml_and_says_what_became_of_the_tables(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    server.answers[("PUT", f"{LAYOUT}/import?format=frigate&source_camera=a+b")] = (200, SAVED)
    file = tmp_path / "config.yml"
    file.write_text('cameras: {a b: {zones: {z: {coordinates: "0,0,1,0,1,1"}}}}')
    arguments = ("cameras", "layout", "import", "cam_1", str(file), "--format", "frigate", "--source-camera", "a b")
    assert run(*arguments) == Exit.OK
    shown = capsys.readouterr()
    assert shown.out.splitlines() == ["version 3: 1 kept, 0 new, 2 retired", "tbl_1 merged from tbl_1, tbl_2"]
    assert shown.err.strip() == "1: Heads would be outside."
    assert json.loads(server.seen[-1][2])["cameras"]["a b"]["zones"]["z"] == {"coordinates": "0,0,1,0,1,1"}
    assert run(*arguments, "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == SAVED


def test_import_takes_what_show_prints(
    server: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    server.answers[("PUT", LAYOUT)] = (200, SAVED)
    file = tmp_path / "tables.json"
    file.write_text(json.dumps(SAVED))
    assert run("cameras", "layout", "import", "cam_1", str(file)) == Exit.OK
    assert "version 3" in capsys.readouterr().out
    assert json.loads(server.seen[-1][2])["reference"] == SAVED["reference"]


@pytest.mark.parametrize("text", [b"", b"- 1", b"a: [", b"\xff", b"x" * 1024 * 1024 + b"x"])
def test_what_is_no_document_is_not_sent(server: type[Stub], tmp_path: Path, text: bytes) -> None:  # noqa: F811
    file = tmp_path / "wrong.json"
    file.write_bytes(text)
    assert run("cameras", "layout", "import", "cam_1", str(file)) == Exit.USAGE
    assert run("cameras", "layout", "import", "cam_1", str(tmp_path / "none.json")) == Exit.LOCAL_IO
    assert server.seen == []


def test_versions_diffs_exports_and_restores(
    server: type[Stub], capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    version = {
        "version": 3, "created_at": "2026-11-23T09:00:00.000Z", "author": "anna", "origin": "restored", "tables": 1,
        "restored_from": 1, "kept": 1, "new": 0, "retired": 2, "newest": True, "layout_key": "k",
    }  # fmt: skip
    changed = {"table_id": "tbl_1", "label": "1", "fields": ["seats", "polygon"], "iou": 0.5}
    diff = SAVED | {"from_version": 2, "changed": [changed], "floor_changed": True, "reference_changed": False}
    server.answers |= {
        ("GET", f"{LAYOUT}s"): (200, {"items": [version], "next_cursor": None}),
        ("GET", f"{LAYOUT}s/3/diff"): (200, diff),
        ("GET", f"{LAYOUT}/export?format=coco"): (200, {"images": []}),
        ("POST", f"{LAYOUT}s/1/restore"): (200, SAVED),
    }
    assert run("cameras", "layout", "versions", "cam_1") == Exit.OK
    assert "restored 1" in capsys.readouterr().out
    assert run("cameras", "layout", "versions", "cam_1", "--diff", "3") == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "from version 2 to 3: 1 kept, 0 new, 2 retired"
    assert "tbl_1 (1): other seats, polygon, IoU 0.50" in lines and lines[-1] == "other floor"
    assert run("cameras", "layout", "versions", "cam_1", "--from", "3") == Exit.USAGE
    assert run("cameras", "layout", "export", "cam_1", "--format", "coco") == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"images": []}
    assert run("cameras", "layout", "restore", "cam_1", "1") == Exit.OK
    assert "tbl_1 merged from" in capsys.readouterr().out


SUGGESTIONS = "/v1/cameras/cam_1/layout/suggestions"
SUGGESTED = {
    "site_id": "site_1", "camera_id": "cam_1", "since": "2026-11-23T08:50:00.000Z", "until": "2026-11-23T09:00:00.000Z",
    "frames": 40, "looked": 40, "reference": {"width": 1280, "height": 720},
    "tables": [
        {"label": "1", "seats": None, "polygon": [[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]], "top": None,
         "confidence": 0.6, "people": 1, "sat_s": 40, "seen_share": 0.0, "why": "Somebody sat here for 40 s."},
    ],
}  # fmt: skip


def test_suggestions_are_waited_for_and_printed(
    server: type[Stub], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr("tablewatch_cli.commands.layout.POLL_S", 0.0)
    query = "?minutes=5&until=2026-11-23T09%3A00%3A00.000Z"
    server.answers |= {
        ("POST", SUGGESTIONS): (202, SUGGESTED | {"looked": 0, "tables": []}),
        ("GET", f"{SUGGESTIONS}{query}"): (200, SUGGESTED),
    }
    assert run("cameras", "suggest", "cam_1", "--minutes", "5") == Exit.OK
    shown = capsys.readouterr()
    assert "40 of 40 pictures" in shown.err
    assert "Somebody sat here for 40 s." in shown.out and "0.10 0.20 0.40 0.60" in shown.out
    assert run("cameras", "suggest", "cam_1", "--minutes", "5", "--crop") == Exit.OK
    document = json.loads(capsys.readouterr().out)
    assert (document["units"], document["tables"][0]["id"]) == ("relative", "1")


def test_suggestions_are_saved_where_there_is_no_layout(
    server: type[Stub], capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    server.answers |= {("POST", SUGGESTIONS): (202, SUGGESTED), ("PUT", LAYOUT): (200, SAVED)}
    assert run("cameras", "suggest", "cam_1", "--save") == Exit.OK
    assert "version 3" in capsys.readouterr().out
    sent = json.loads(server.seen[-1][2])
    assert sent == {"reference": {"width": 1280, "height": 720}, "tables": [
        {"label": "1", "polygon": SUGGESTED["tables"][0]["polygon"], "top": None}]}  # fmt: skip
    server.answers[("POST", SUGGESTIONS)] = (202, SUGGESTED | {"tables": []})
    assert run("cameras", "suggest", "cam_1", "--save") == Exit.REFUSED
    assert "no_tables" in capsys.readouterr().err
    assert run("cameras", "suggest", "cam_1", "--save", "--crop") == Exit.USAGE


def test_the_score_of_a_view_is_printed_with_what_to_mend(
    server: type[Stub], capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    parts = [
        {"name": "light", "score": None, "sentence": "No picture."},
        {"name": "pixels", "score": 19, "sentence": "Table 7."},
    ]
    found = {"total": 19, "sentence": "Table 7.", "looks": 0, "parts": parts}
    server.answers[("GET", "/v1/cameras/cam_1/score")] = (200, found)
    assert run("cameras", "score", "cam_1") == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "total 19 of 100. Table 7." and any(line.startswith("pixels") for line in lines)
    assert run("cameras", "score", "cam_1", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == found


def test_the_scores_of_the_days_before_are_a_line_each(
    server: type[Stub], capsys: pytest.CaptureFixture[str]  # noqa: F811
) -> None:  # fmt: skip
    parts = [{"name": "light", "score": 40, "sentence": "Dim."}, {"name": "doubt", "score": None, "sentence": "-"}]
    days = [{"day": "2026-11-23", "total": 40, "sentence": "Dim.", "looks": 9, "parts": parts}]
    server.answers[("GET", "/v1/cameras/cam_1/scores")] = (200, {"items": days, "next_cursor": None})
    assert run("cameras", "score", "cam_1", "--history") == Exit.OK
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["day", "total", "light"] and line.split()[:3] == ["2026-11-23", "40", "40"]
    assert line.endswith("Dim.")
    assert run("cameras", "score", "cam_1", "--history", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == days
