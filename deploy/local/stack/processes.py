"""Questions about processes of this machine, asked of psutil: who is that, and is it still the one we started?"""

from pathlib import Path

import psutil


def started_at(pid: int) -> float | None:
    """When the process started (seconds since the epoch), or None when it is gone or a zombie.

    Pid and start time together name a process; a pid alone is given to a stranger later.
    """
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def is_postgres(pid: int, data: Path) -> bool:
    """Whether this process is a Postgres server on that data directory."""
    try:
        line = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return any("postgres" in word for word in line) and str(data) in line
