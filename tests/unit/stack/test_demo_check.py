"""What `make demo-check` asks for."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import stack.__main__ as program
from stack.settings import from_environment


def test_the_upload_of_this_start_and_the_live_camera_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def note(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    monkeypatch.delenv("DEMO", raising=False)
    monkeypatch.setattr(program.subprocess, "run", note)
    monkeypatch.setattr(program.home, "lock_owner", lambda _: 1)
    monkeypatch.setattr(program, "uploaded_video", lambda *_: "vid_1")
    assert program.demo_check(from_environment()) == 1
    assert asked[0][-3:] == ["--video", "vid_1", "--live"]
