"""A whole stack of a test's own: home, ports and processes, started as a user starts it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from stack.ports import free_base
from stack.process import TETHER
from stack.settings import OFFSETS

REPO = Path(__file__).resolve().parents[2]
SUPERVISOR = [sys.executable, "-m", "stack", "run"]
TETHERED = [sys.executable, "-IS", str(TETHER), str(os.getpid()), str(int(signal.SIGINT))]
"""A stack whose test was killed stops as by Ctrl-C."""
START_S = 300
STOP_S = 60
T = TypeVar("T")


def until(probe: Callable[[], T | None], timeout_s: float, what: str, every_s: float = 0.3) -> T:
    """The first result that is not None; TimeoutError with `what` did not happen."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = probe()
        if found is not None:
            return found
        time.sleep(every_s)
    raise TimeoutError(f"{what} did not happen within {timeout_s} s")


@dataclass
class PrivateStack:
    """One stack. `start` and `stop` may be republished on the same home."""

    home: Path
    port_base: int = field(default_factory=lambda: free_base(list(OFFSETS.values()), 23_000 + os.getpid() % 97 * 100))
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def camera_port(self) -> int:
        """Of a camera at the place of the demo's: a stack with it in `CAMERA_ADDRESSES` may read it."""
        return self.port_base + OFFSETS["camera"]

    def environment(self) -> dict[str, str]:
        own = {"PYTHONPATH": str(REPO / "deploy" / "local"), "TABLEWATCH_HOME": str(self.home)}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return inherited | own | {"PORT_BASE": str(self.port_base), "DEMO": "0"} | self.settings

    @property
    def output(self) -> Path:
        return self.home / "stack.out"

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the supervisor without waiting until it is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [*TETHERED, *SUPERVISOR], env=self.environment(), stdout=output, stderr=output, start_new_session=True
            )
        return self.process

    def start(self) -> "PrivateStack":
        """Start it and wait for its run.json."""
        process = self.spawn()

        def ready() -> bool | None:
            if process.poll() is not None:
                raise AssertionError(f"the stack ended with {process.returncode}:\n{self.output.read_text()}")
            return True if (self.home / "run.json").exists() else None

        until(ready, START_S, "the start of the stack")
        return self

    def up(self) -> "PrivateStack":
        """Start it unless it is up."""
        return self if self.process and self.process.poll() is None else self.start()

    def run(self) -> dict[str, Any]:
        """run.json now."""
        return dict(json.loads((self.home / "run.json").read_text()))

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C, and the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(STOP_S)

    def stop_if_up(self) -> None:
        """Stop it unless it has ended already, as at the end of a fixture."""
        if self.process and self.process.poll() is None:
            self.stop()

    def processes(self) -> list[int]:
        """Every process of this machine with this home in its command or environment, the supervisor included."""
        marked = f"TABLEWATCH_HOME={self.home}"
        return [process.pid for process in psutil.process_iter() if _belongs(process, marked, str(self.home))]

    def pid(self, name: str, timeout_s: float = 60) -> int:
        """The process of a part; waits for one that is being restarted."""
        return int(until(lambda: self.run()["pids"].get(name), timeout_s, f"a process of {name}"))

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """kill -9, or another signal, of one part; returns its pid."""
        pid = self.pid(name)
        with contextlib.suppress(ProcessLookupError):  # it died by itself in this moment
            os.kill(pid, number)
        return pid

    def wait_restarted(self, name: str, killed: int, timeout_s: float = 60) -> int:
        """Wait until the part has another process than the killed one; its pid."""

        def other() -> int | None:
            pid = self.run()["pids"].get(name)
            return int(pid) if pid and pid != killed else None

        return until(other, timeout_s, f"the restart of {name}")

    def client(self) -> httpx.Client:
        """An HTTP client with the admin key."""
        run = self.run()
        headers = {"Authorization": f"Bearer {run['key']}"}
        return httpx.Client(base_url=run["api_url"], headers=headers, timeout=60, trust_env=False)


def _belongs(process: psutil.Process, marked: str, home: str) -> bool:
    try:
        line = process.cmdline()
        return any(home in word for word in line) or marked in map("=".join, process.environ().items())
    except psutil.Error:
        return False
