"""The folder of a stack: one holder, secrets, and leftovers that are ours and nobody else's."""

import json
import resource
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stack import home
from stack.process import started_at
from stack.settings import StackError


def test_secrets_are_random_kept_and_private(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, other = home.read_secrets(tmp_path / "a"), home.read_secrets(tmp_path / "b")
    assert home.read_secrets(tmp_path / "a") == first
    assert not set(first.values()) & set(other.values())
    assert stat.S_IMODE((tmp_path / "a" / "secrets.json").stat().st_mode) == 0o600
    assert first["api_key"].startswith("twk_")


def test_a_secret_added_by_a_newer_version_leaves_the_others_alone(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(json.dumps({"postgres_password": "kept"}))
    assert home.read_secrets(tmp_path)["postgres_password"] == "kept"


def test_a_held_home_is_refused_to_others_and_free_afterwards(tmp_path: Path) -> None:
    with home.locked(tmp_path):
        assert home.lock_owner(tmp_path) is not None
        with pytest.raises(StackError, match="already runs"), home.locked(tmp_path):
            pytest.fail("held twice")
    with home.locked(tmp_path):
        pass


def test_leftovers_are_ended(tmp_path: Path) -> None:
    child = _sleeper()
    home.record_processes(tmp_path, {"cropper": child.pid})
    assert home.kill_leftovers(tmp_path) == ["cropper"]
    assert child.wait(5) == -9
    assert home.kill_leftovers(tmp_path) == []


def test_a_stranger_with_a_pid_of_ours_is_left_alone(tmp_path: Path) -> None:
    child = _sleeper()
    try:
        started = started_at(child.pid)
        assert started is not None
        noted = {"cropper": {"pid": child.pid, "started": started - 60}}
        (tmp_path / "processes.json").write_text(json.dumps(noted))
        assert home.kill_leftovers(tmp_path) == []
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("content", ["", "{", "null"])
def test_a_torn_note_of_processes_is_no_obstacle(tmp_path: Path, content: str) -> None:
    (tmp_path / "processes.json").write_text(content)
    assert home.kill_leftovers(tmp_path) == []


def test_a_private_file_is_replaced_at_one_blow(tmp_path: Path) -> None:
    home.write_private(tmp_path / "run.json", {"n": 1})
    home.write_private(tmp_path / "run.json", {"n": 2})
    assert json.loads((tmp_path / "run.json").read_text()) == {"n": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    home.write_private(tmp_path / "run.json", {"n": 1})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))  # bytes: as on a disk with no more room
    try:
        with pytest.raises(OSError, match="too large"):
            home.write_private(tmp_path / "run.json", {"n": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert json.loads((tmp_path / "run.json").read_text()) == {"n": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_damaged_secrets_are_named_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(StackError, match="is damaged"):
        home.read_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == "{"


def _sleeper() -> "subprocess.Popen[bytes]":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    time.sleep(0.05)
    return child
