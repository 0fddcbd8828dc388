"""One child process: started in a session of its own, tethered to us, its output in a log file."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TETHER = Path(__file__).with_name("tether.py")


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run. `prefix` stands before the tether: what enters a namespace or changes the user."""

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
    """A started `Command`."""

    command: Command
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def wait(self) -> int:
        """Wait for its end, then end what it left in its session (grandchildren die with it)."""
        code = await self.process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        return code

    async def stop(self) -> None:
        """Ask it to end, wait for its grace time, then kill it."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.command.stop_signal)
        try:
            await asyncio.wait_for(self.wait(), self.command.grace_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.wait()


async def start(command: Command) -> Child:
    """Start a command. Its standard output and error are appended to its log file."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    with command.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command.line(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=None if command.env is None else dict(command.env),
            cwd=command.cwd,
            start_new_session=True,
        )
    return Child(command=command, process=process)


def log_tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log file, for the message about a part that did not start."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
