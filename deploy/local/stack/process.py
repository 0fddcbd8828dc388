"""Processes: a child of ours, who some other process is, and whether the `make` that started us was interrupted."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from stack.settings import StackError

_INTERRUPT = 1 << (signal.SIGINT - 1)
TETHER = Path(__file__).with_name("tether.py")
POLL_S = 0.1
KILLED_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run. `prefix` is put before the tether: a program that enters a namespace or changes the user.

    `stop_signal` asks it to end; after `grace_s` it is killed. `orphan_signal` is what the kernel sends when we die.
    """

    name: str
    argv: Sequence[str]
    log: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    prefix: Sequence[str] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    grace_s: float = 10.0

    def line(self) -> list[str]:
        """The whole command line, tether included."""
        tether = [sys.executable, "-IS", str(TETHER), str(os.getpid()), str(int(self.orphan_signal))]
        return [*self.prefix, *tether, *self.argv]


@dataclass(kw_only=True)
class Child:
    """A started `Command`.

    Its exit is polled. asyncio's own subprocesses need a thread or a descriptor for that, and where there is none left
    they raise when the process runs already: nobody would supervise it.
    """

    command: Command
    process: "subprocess.Popen[bytes]"
    _session_ended: bool = field(default=False, init=False)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    async def wait(self) -> int:
        """Wait for its exit and return the code; then kill its session, so that no grandchild is left."""
        while (code := self.process.poll()) is None:  # noqa: ASYNC110 (there is no event for it, see above)
            await asyncio.sleep(POLL_S)
        if not self._session_ended:  # once: later the number may be that of somebody else's process group
            self._session_ended = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        return code

    async def stop(self) -> None:
        """Send `stop_signal`, wait for `grace_s`, then kill it. Raises StackError when even that does not end it."""
        if self.alive:
            self.process.send_signal(self.command.stop_signal)
        try:
            async with asyncio.timeout(self.command.grace_s):
                await self.wait()
        except TimeoutError:
            self.process.kill()
            await self._wait_killed()

    async def _wait_killed(self) -> None:
        try:
            async with asyncio.timeout(KILLED_S):
                await self.wait()
        except TimeoutError:
            raise StackError(f"process {self.pid} was killed and does not end: it waits in the kernel") from None


async def start(command: Command) -> Child:
    """Start a command. Its standard output and error are appended to its log file. Raises OSError."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 (returns at the exec of the tether; see Child)
            command.line(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=None if command.env is None else dict(command.env),
            cwd=command.cwd,
            start_new_session=True,
        )
    return Child(command=command, process=process)


def log_tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log file, for an error message; empty when it cannot be read."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def started_at(pid: int) -> float | None:
    """When the process started (seconds since 1970), or None when it is gone or a zombie.

    Pid and start time together identify a process; a pid alone is reused.
    """
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def end_postgres_in(data: Path) -> list[int]:
    """Kill every Postgres process that works in that data directory; returns the numbers.

    A server that is killed takes those along that serve its connections, unless they are frozen, as it may have been
    itself: they hold its shared memory, and no other server can start.
    """
    left = [process for process in psutil.process_iter(["name", "cwd"]) if _works_in(process, data)]
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(left, timeout=KILLED_S)
    return [process.pid for process in left]


def _works_in(process: psutil.Process, data: Path) -> bool:
    return "postgres" in (process.info["name"] or "") and process.info["cwd"] == str(data)


def is_postgres(pid: int, data: Path) -> bool:
    """Whether this process is a Postgres server on that data directory."""
    try:
        line = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return any("postgres" in word for word in line) and str(data) in line


def interrupted() -> Callable[[], bool]:
    """A function that tells whether our `make` is gone or was interrupted; always False when not started by make.

    Ctrl-C in a terminal reaches every process. A SIGINT sent to `make` alone does not reach us: make waits for its
    children silently. What shows is that it stops catching the signal (GNU make resets the handler, then waits).
    """
    parent = os.getppid()
    if not _is_make(parent):
        return lambda: False
    caught = _catches_interrupt(parent)
    return lambda: os.getppid() != parent or (caught and not _catches_interrupt(parent))


def _is_make(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() in {"make", "gmake"}
    except OSError:
        return False


def _catches_interrupt(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True  # it is gone; getppid shows that
    for line in status.splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) & _INTERRUPT)
    return True
