"""Parts are kept running, ended when they hang, and never outlive their supervisor."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from stack import keeper
from stack.child import Command
from stack.errors import StackError
from stack.keeper import Keeper, Part
from stack.processes import started_at
from stack.settings import REPO

SLEEP = "import time; time.sleep(60)"


async def at_once() -> None:
    """Ready, and alive."""


def part(folder: Path, code: str, **more: object) -> Part:
    command = Command(name="part", argv=[sys.executable, "-c", code], log=folder / "part.log", grace_s=2)
    return Part(name="part", command=lambda: command, **({"probe": at_once, "patience_s": 10} | more))  # type: ignore[arg-type]


@pytest.fixture
async def keep(tmp_path: Path) -> AsyncIterator[Callable[[Part], Keeper]]:
    """Makes keepers and stops them; what they tell stands in `told`."""
    made: list[Keeper] = []

    def make(kept: Part) -> Keeper:
        made.append(Keeper(kept, tell=lambda name, sentence: told.append(f"{name} {sentence}")))
        return made[-1]

    told.clear()
    yield make
    for each in made:
        await each.stop()


told: list[str] = []


async def another(kept: Keeper, pid: int) -> int:
    for _ in range(100):
        if kept.pid and kept.pid != pid:
            return kept.pid
        await asyncio.sleep(0.1)
    raise AssertionError(f"no other process came: {told}")


async def test_a_killed_part_is_started_again(tmp_path: Path, keep: Callable[[Part], Keeper]) -> None:
    kept = keep(part(tmp_path, SLEEP))
    await kept.start()
    assert kept.pid
    os.kill(kept.pid, signal.SIGKILL)
    await another(kept, kept.pid)
    assert told[0] == "part ended (signal 9); starting it again in 0.2 s"


async def test_a_part_that_is_long_not_alive_is_ended(
    tmp_path: Path, keep: Callable[[Part], Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no() -> None:
        raise ConnectionError

    monkeypatch.setattr(keeper, "ALIVE_EVERY_S", 0.05)
    kept = keep(part(tmp_path, SLEEP, alive=no))
    await kept.start()
    assert kept.pid
    await another(kept, kept.pid)
    assert "has not been alive" in told[0]


async def test_what_does_not_start_is_told_with_the_end_of_its_log(
    tmp_path: Path, keep: Callable[[Part], Keeper], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> None:
        raise ConnectionError

    monkeypatch.setattr(keeper, "BACKOFF_S", (0.0, 0.0, 0.0))
    kept = keep(part(tmp_path, "import sys; sys.exit('no such database')", probe=never))
    with pytest.raises(StackError, match="no such database"):
        await kept.start()


async def test_a_stubborn_part_is_killed_after_its_grace(tmp_path: Path, keep: Callable[[Part], Keeper]) -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
    kept = keep(part(tmp_path, deaf))
    await kept.start()
    pid = kept.pid
    assert pid
    await asyncio.sleep(0.3)
    await kept.stop()
    assert started_at(pid) is None


async def test_grandchildren_end_with_their_parent(tmp_path: Path, keep: Callable[[Part], Keeper]) -> None:
    note = tmp_path / "grandchild"
    code = (
        "import pathlib, subprocess, sys, time;"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}]);"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); time.sleep(60)"
    )
    kept = keep(part(tmp_path, code))
    await kept.start()
    while not (note.exists() and note.read_text()):
        await asyncio.sleep(0.05)
    grandchild = int(note.read_text())
    await kept.stop()
    await asyncio.sleep(0.1)
    assert started_at(grandchild) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_kill_9_of_the_supervisor_ends_its_children(tmp_path: Path) -> None:
    code = f"""
import asyncio, pathlib, sys
from stack.child import Command, start
async def main():
    log = pathlib.Path({str(tmp_path)!r}) / "x"
    child = await start(Command(name="x", argv=[sys.executable, "-c", {SLEEP!r}], log=log))
    print(child.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    environment = os.environ | {"PYTHONPATH": str(REPO / "deploy" / "local")}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert started_at(child)
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while started_at(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started_at(child) is None
