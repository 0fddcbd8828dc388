"""`cameras dry-run` against a small HTTP server."""

import json
from pathlib import Path

import pytest
from tests.unit.cli.test_cli_commands import Stub, run, server  # noqa: F401 (a fixture)

from tablewatch_cli.errors import Exit

PATH = "/v1/cameras/cam_1/dry-runs"
FREE = {
    "state": "free", "previous_state": None, "since": "2026-11-23T09:00:00.000Z", "as_of": "2026-11-23T09:00:10.000Z",
    "confidence": 0.9, "people": 0, "reason": "evidence", "unknown_reason": None,
}  # fmt: skip
TAKEN = FREE | {"state": "occupied", "previous_state": "free", "as_of": "2026-11-23T09:00:30.000Z", "people": 2}
STATE = {"state": "occupied", "since": "2026-11-23T09:00:20.000Z", "confidence": 0.8, "reason": "evidence",
         "unknown_reason": None, "evidence": {"people": 2}}  # fmt: skip
BEGUN = {
    "dry_run_id": "dry_1", "status": "running", "until": "2026-11-23T09:01:00.000Z", "pictures": 0, "looked": 0,
    "sentence": "0 pictures of 60 s so far, 0 of them looked at.", "view": None,
    "tables": [{"table_id": "tbl_1", "label": "7", "state": None, "why": "Too few pictures.", "transitions": []},
               {"table_id": "tbl_2", "label": "8", "state": None, "why": "Too few pictures.", "transitions": []}],
}  # fmt: skip


def _of_first(**changes: object) -> dict[str, object]:
    first, second = BEGUN["tables"]
    return BEGUN | {"tables": [first | changes, second]}


HALF = _of_first(transitions=[FREE])
DONE = _of_first(transitions=[FREE, TAKEN], state=STATE, why=None) | {"status": "done", "pictures": 6, "looked": 6}


@pytest.fixture
def answered(server: type[Stub], monkeypatch: pytest.MonkeyPatch) -> type[Stub]:  # noqa: F811
    monkeypatch.setattr("tablewatch_cli.commands.dry_run.POLL_S", 0.0)
    server.answers |= {("POST", PATH): (202, BEGUN), ("GET", f"{PATH}/dry_1"): (200, iter([BEGUN, HALF, HALF, DONE]))}
    return server


def test_transitions_are_printed_once_and_the_states_at_the_end(
    answered: type[Stub], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("cameras", "dry-run", "cam_1", "--seconds", "10") == Exit.OK
    assert json.loads(answered.seen[0][2]) == {"seconds": 10}
    shown = capsys.readouterr()
    first, second, _, seven, eight = shown.out.splitlines()
    assert "table 7  nothing known -> free since 2026-11-23T09:00:00.000Z, people 0 (evidence)" in first
    assert "free -> occupied" in second and "people 2" in second
    assert seven.split()[:2] == ["7", "occupied"] and "nothing known" in eight and "Too few pictures." in eight
    assert shown.err.strip() == BEGUN["sentence"]


def test_json_prints_what_has_come_of_it_alone(
    answered: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tables.json"
    file.write_text('{"reference": {"width": 1, "height": 1}, "tables": []}')
    assert run("cameras", "dry-run", "cam_1", "--file", str(file), "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == DONE
    assert json.loads(answered.seen[0][2])["layout"]["tables"] == []


def test_what_is_refused_or_no_file_ends_it(
    answered: type[Stub], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"type": "about:blank", "code": "camera_paused", "title": "It is off.", "detail": "On.", "status": 409}
    answered.answers[("POST", PATH)] = (409, problem)
    assert run("cameras", "dry-run", "cam_1") == Exit.REFUSED
    assert "camera_paused" in capsys.readouterr().err
    assert run("cameras", "dry-run", "cam_1", "--file", str(tmp_path / "none")) == Exit.LOCAL_IO
    assert run("cameras", "dry-run", "cam_1", "--seconds", "5") == Exit.USAGE
