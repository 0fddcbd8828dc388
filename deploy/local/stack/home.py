"""The folder of one stack: who holds it, which processes it has, what it keeps secret, and what it tells others."""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stack.errors import StackError
from stack.processes import started_at

SECRETS = ("postgres_password", "link_secret", "upload_token_secret")


@contextlib.contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the folder for the life of this process. Raises StackError when another stack has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "stack.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(_already(home)) from None
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "started": started_at(os.getpid())}))
        lock.flush()
        yield


def _already(home: Path) -> str:
    pid = holder(home)
    who = f"process {pid}" if pid else "another process"
    return (
        f"A stack already runs on {home} ({who}). Stop it with `make stop`, "
        "or give this one a TABLEWATCH_HOME and a PORT_BASE of its own."
    )


def holder(home: Path) -> int | None:
    """The process that holds the folder, or None."""
    try:
        entry = json.loads((home / "stack.lock").read_text())
    except (OSError, ValueError):
        return None
    return entry["pid"] if _still_there(entry) else None


def _still_there(entry: Mapping[str, Any]) -> bool:
    started = started_at(int(entry["pid"]))
    return started is not None and abs(started - float(entry["started"])) < 1.0


def write_private(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a JSON file, readable by its owner only, at one blow."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(document, indent=2) + "\n")
    fresh.replace(path)


def read_secrets(home: Path) -> dict[str, str]:
    """The stack's secrets, made at random the first time and kept between starts (mode 0600)."""
    path = home / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    fresh = {name: secrets.token_urlsafe(32) for name in SECRETS}
    fresh["api_key"] = f"twk_{secrets.token_hex(4)}_{secrets.token_hex(24)}"
    missing = {name: value for name, value in fresh.items() if name not in kept}
    if missing:
        write_private(path, kept | missing)
    return kept | missing


def note_processes(home: Path, pids: Mapping[str, int]) -> None:
    """Write down our children with their start times, for the next start to clear up after a kill -9 of this one."""
    entries = {name: {"pid": pid, "started": started_at(pid)} for name, pid in pids.items()}
    write_private(home / "processes.json", {name: e for name, e in entries.items() if e["started"] is not None})


def end_leftovers(home: Path, patience_s: float = 10.0) -> list[str]:
    """Kill what an earlier supervisor left, and nothing else: pid and start time must both fit. Returns their names."""
    try:
        noted: dict[str, dict[str, Any]] = json.loads((home / "processes.json").read_text()) or {}
    except (OSError, ValueError):
        return []
    found = {name: entry for name, entry in noted.items() if _still_there(entry)}
    for entry in found.values():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(entry["pid"], signal.SIGKILL)
    deadline = time.monotonic() + patience_s
    while any(_still_there(entry) for entry in found.values()):
        if time.monotonic() > deadline:
            raise StackError(f"Processes of an earlier stack on {home} do not end: {sorted(found)}")
        time.sleep(0.05)
    (home / "processes.json").unlink(missing_ok=True)
    return sorted(found)
