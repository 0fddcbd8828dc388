"""Parts are supervised running, ended when they hang, and never outlive their supervisor."""

import asyncio
import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stack import keep as keep_module
from stack import part as part_module
from stack.part import Part, PartSupervisor
from stack.process import Command, started_at
from stack.settings import REPO, StackError

SLEEP = "import time; time.sleep(60)"


async def at_once() -> None:
    """Ready, and alive."""


def part(folder: Path, code: str, **more: object) -> Part:
    command = Command(name="part", argv=[sys.executable, "-c", code], log=folder / "part.log", grace_s=2)
    return Part(name="part", command=lambda: command, **({"probe": at_once, "timeout_s": 10} | more))  # type: ignore[arg-type]


@pytest.fixture
async def supervise(tmp_path: Path) -> AsyncIterator[Callable[[Part], PartSupervisor]]:
    """Makes supervisors and stops them; what they report is in `reports`."""
    made: list[PartSupervisor] = []

    def make(supervised: Part) -> PartSupervisor:
        made.append(PartSupervisor(supervised, report=lambda name, sentence: reports.append(f"{name} {sentence}")))
        return made[-1]

    reports.clear()
    yield make
    for each in made:
        await each.stop()


reports: list[str] = []


async def another(supervised: PartSupervisor, pid: int) -> int:
    for _ in range(100):
        if supervised.pid and supervised.pid != pid:
            return supervised.pid
        await asyncio.sleep(0.1)
    raise AssertionError(f"no other process came: {reports}")


async def test_a_killed_part_is_started_again(tmp_path: Path, supervise: Callable[[Part], PartSupervisor]) -> None:
    supervised = supervise(part(tmp_path, SLEEP))
    await supervised.start()
    assert supervised.pid
    os.kill(supervised.pid, signal.SIGKILL)
    await another(supervised, supervised.pid)
    assert reports[0] == "part ended (signal 9); starting it again in 0.2 s"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EMFILE, "Too many open files"),
        BlockingIOError(errno.EAGAIN, "no process can be forked"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
        MemoryError(),
    ],
    ids=repr,
)
async def test_whatever_keeps_a_part_from_starting_it_comes_back_afterwards(
    tmp_path: Path, supervise: Callable[[Part], PartSupervisor], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(keep_module, "BACKOFF_S", (0.01,))
    lasting = 4

    def prepare() -> None:
        nonlocal lasting
        if supervised.child is None and reports and lasting:
            lasting -= 1
            raise error

    supervised = supervise(part(tmp_path, SLEEP, prepare=prepare))
    await supervised.start()
    assert supervised.pid
    os.kill(supervised.pid, signal.SIGKILL)
    await another(supervised, supervised.pid)
    assert lasting == 0
    assert sum("did not come back" in each for each in reports) == 4


async def test_without_a_file_descriptor_nothing_is_ended_and_a_dead_part_comes_back_later(
    tmp_path: Path, supervise: Callable[[Part], PartSupervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asked() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", 1)
        writer.close()

    monkeypatch.setattr(part_module, "ALIVE_EVERY_S", 0.01)
    supervised, dying = supervise(part(tmp_path, SLEEP, alive=asked)), supervise(part(tmp_path, SLEEP))
    with no_descriptors_once_both_run() as exhausted:
        await dying.start()
        await supervised.start()
        survivor, killed = supervised.pid, dying.pid
        exhausted()
        assert killed
        os.kill(killed, signal.SIGKILL)
        await asyncio.sleep(0.6)
        assert supervised.pid == survivor
        assert dying.pid is None
    assert any("Too many open files" in each for each in reports)
    await another(dying, killed)


@contextmanager
def no_descriptors_once_both_run() -> Iterator[Callable[[], None]]:
    """A function that takes the file descriptors of this process away until the end of the context."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_part_that_dies_at_once_is_started_ever_more_slowly(
    tmp_path: Path, supervise: Callable[[Part], PartSupervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep_module, "BACKOFF_S", (0.01, 0.02, 0.03))
    flag = tmp_path / "started"
    code = f"import pathlib, time; flag = pathlib.Path({str(flag)!r}); time.sleep(0 if flag.exists() else 60)"
    supervised = supervise(part(tmp_path, code))
    await supervised.start()
    flag.touch()
    os.kill(supervised.pid or 0, signal.SIGKILL)
    while sum("starting it again" in each for each in reports) < 5:
        await asyncio.sleep(0.05)
    pauses = [each.rsplit(" in ", 1)[1] for each in reports if "starting it again" in each]
    assert pauses[:5] == ["0.01 s", "0.02 s", "0.03 s", "0.03 s", "0.03 s"]


async def test_a_task_that_raises_is_reported_once_and_goes_on() -> None:
    runs, heard = 0, list[str]()

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise OSError(errno.ENOSPC, "No space left on device")

    def report(name: str, sentence: str) -> None:
        heard.append(f"{name} {sentence}")
        raise OSError(errno.ENOSPC, "nor is there space for this line")

    await keep_module.keep("run.json", run, report)
    assert (runs, len(heard)) == (4, 1)
    assert "No space left" in heard[0]


async def test_a_part_that_is_long_not_alive_is_ended(
    tmp_path: Path, supervise: Callable[[Part], PartSupervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no() -> None:
        raise ConnectionError

    monkeypatch.setattr(part_module, "ALIVE_EVERY_S", 0.05)
    supervised = supervise(part(tmp_path, SLEEP, alive=no))
    await supervised.start()
    assert supervised.pid
    await another(supervised, supervised.pid)
    assert "has not been alive" in reports[0]


async def test_it_stops_although_a_probe_swallows_the_cancellation(
    tmp_path: Path, supervise: Callable[[Part], PartSupervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_module, "ALIVE_EVERY_S", 0.01)
    monkeypatch.setattr(keep_module, "CANCEL_EVERY_S", 0.05)
    asked, swallowed = asyncio.Event(), 0

    async def deaf_once() -> None:
        nonlocal swallowed
        asked.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            swallowed += 1
            if swallowed > 1:
                raise

    supervised = supervise(part(tmp_path, SLEEP, alive=deaf_once))
    await supervised.start()
    async with asyncio.timeout(20):
        await asked.wait()
        await supervised.stop()
    assert swallowed == 2
    assert supervised.pid is None


async def test_a_part_that_does_not_start_is_reported_with_the_end_of_its_log(
    tmp_path: Path, supervise: Callable[[Part], PartSupervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> None:
        raise ConnectionError

    monkeypatch.setattr(keep_module, "BACKOFF_S", (0.0, 0.0, 0.0))
    supervised = supervise(part(tmp_path, "import sys; sys.exit('no such database')", probe=never))
    with pytest.raises(StackError, match="no such database"):
        await supervised.start()


async def test_a_stubborn_part_is_killed_after_its_grace(
    tmp_path: Path, supervise: Callable[[Part], PartSupervisor]
) -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
    supervised = supervise(part(tmp_path, deaf))
    await supervised.start()
    pid = supervised.pid
    assert pid
    await asyncio.sleep(0.3)
    await supervised.stop()
    assert started_at(pid) is None


async def test_grandchildren_end_with_their_parent(tmp_path: Path, supervise: Callable[[Part], PartSupervisor]) -> None:
    note = tmp_path / "grandchild"
    code = (
        "import pathlib, subprocess, sys, time;"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}]);"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); time.sleep(60)"
    )
    supervised = supervise(part(tmp_path, code))
    await supervised.start()
    while not (note.exists() and note.read_text()):
        await asyncio.sleep(0.05)
    grandchild = int(note.read_text())
    await supervised.stop()
    await asyncio.sleep(0.1)
    assert started_at(grandchild) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_kill_9_of_the_supervisor_ends_its_children(tmp_path: Path) -> None:
    code = f"""
import asyncio, pathlib, sys
from stack.process import Command, start
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
