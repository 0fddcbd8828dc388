"""Whether the `make` that started us was interrupted.

Ctrl-C in a terminal reaches every process. A SIGINT sent to `make` alone does not reach us: make waits for its children
without a word. What shows is that it stops catching the signal (GNU make resets the handler, then waits).
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path

INTERRUPT = 1 << (signal.SIGINT - 1)


def interrupted() -> Callable[[], bool]:
    """A question to ask now and then: is our `make` gone or interrupted? Always no when started by something else."""
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
        return True  # going or gone; the parent's number tells
    for line in status.splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) & INTERRUPT)
    return True
