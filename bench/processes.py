"""A server under measurement: started, watched through /proc, ended. Linux only, as the services are."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.harness import Failed

TETHER = Path(__file__).resolve().parents[1] / "deploy" / "local" / "stack" / "tether.py"
TICKS = os.sysconf("SC_CLK_TCK")
TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Server:
    """A running process and where it writes."""

    process: subprocess.Popen[bytes]
    log: Path

    def cpu_s(self) -> float:
        """User and system time so far, of it and of the children that it waited for."""
        return cpu_s(self.process.pid)

    def peak_mib(self) -> float:
        """The sum of the peaks of it and its living descendants: never less than what they held together."""
        return sum(_high_water_mib(pid) for pid in descendants(self.process.pid))

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
        """Raises Failed when it does not come true, or the process ends first."""
        until = time.monotonic() + timeout_s
        while not condition():
            if self.process.poll() is not None or time.monotonic() > until:
                raise Failed(f"{what} did not come: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)


@contextmanager
def server(argv: Sequence[str], environment: Mapping[str, str], log: Path, stop_s: float = 15) -> Iterator[Server]:
    """A process in a group of its own that is ended with the block, helpers and all, or with us if we are killed."""
    tether = [sys.executable, "-IS", str(TETHER), str(os.getpid()), str(int(signal.SIGKILL))]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*tether, *argv],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield Server(process, log)
    finally:
        process.terminate()
        try:
            process.wait(stop_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def cpu_s(pid: int) -> float:
    """User and system time so far, of a process and of the children that it waited for. Raises FileNotFoundError."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def family_cpu_s(pid: int) -> float:
    """The same of the process and everything below it that lives. A child's time is its parent's once it has ended."""
    found = 0.0
    for each in descendants(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            found += cpu_s(each)
    return found


def descendants(pid: int) -> list[int]:
    """The process itself and everything below it that lives."""
    found = [pid]
    for each in found:
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _high_water_mib(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
