"""The folder of one stack: its lock, its processes, its secrets, and run.json."""

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

from stack.process import started_at
from stack.settings import StackError

SECRETS = ("postgres_password", "link_secret", "upload_token_secret", "camera_secret")


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Lock the folder for the life of this process. Raises StackError when another stack has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "stack.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(_already_running(home)) from None
        lock.truncate(0)
        lock.write(json.dumps({"pid": os.getpid(), "started": started_at(os.getpid())}))
        lock.flush()
        yield


def _already_running(home: Path) -> str:
    pid = lock_owner(home)
    who = f"process {pid}" if pid else "another process"
    return (
        f"A stack already runs on {home} ({who}). Stop it with `make stop`, "
        "or give this one a TABLEWATCH_HOME and a PORT_BASE of its own."
    )


def lock_owner(home: Path) -> int | None:
    """The process that has the folder locked, or None."""
    try:
        entry = json.loads((home / "stack.lock").read_text())
    except (OSError, ValueError):
        return None
    return entry["pid"] if _is_running(entry) else None


def _is_running(entry: Mapping[str, Any]) -> bool:
    started = started_at(int(entry["pid"]))
    return started is not None and abs(started - float(entry["started"])) < 1.0


def write_private(path: Path, document: Mapping[str, Any]) -> None:
    """Replace a JSON file; mode 0600. All of the old or all of the new one is there, also on a full disk."""
    replace_file(path, json.dumps(document, indent=2) + "\n")


def replace_file(path: Path, text: str) -> None:
    """Replace a text file at once and durably; mode 0600. Raises OSError and leaves the old one, and nothing else."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        with fresh.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def read_secrets(home: Path) -> dict[str, str]:
    """The stack's secrets, made at random the first time and kept between starts (mode 0600). Raises StackError."""
    path = home / "secrets.json"
    try:
        known: dict[str, str] = dict(json.loads(path.read_text())) if path.exists() else {}
    except ValueError:
        raise StackError(f"{path} is damaged: restore it, or delete {home} to begin anew") from None
    fresh = {name: secrets.token_urlsafe(32) for name in SECRETS}
    fresh["api_key"] = f"twk_{secrets.token_hex(4)}_{secrets.token_hex(24)}"
    missing = {name: value for name, value in fresh.items() if name not in known}
    if missing:
        write_private(path, known | missing)
    return known | missing


def record_processes(home: Path, pids: Mapping[str, int]) -> None:
    """Write our children with their start times to processes.json: after a kill -9 of ours the next start ends them."""
    entries = {name: {"pid": pid, "started": started_at(pid)} for name, pid in pids.items()}
    write_private(home / "processes.json", {name: e for name, e in entries.items() if e["started"] is not None})


def kill_leftovers(home: Path, timeout_s: float = 10.0) -> list[str]:
    """Kill the children that an earlier supervisor left; pid and start time must both match. Returns their names."""
    try:
        recorded: dict[str, dict[str, Any]] = json.loads((home / "processes.json").read_text()) or {}
    except (OSError, ValueError):
        return []
    found = {name: entry for name, entry in recorded.items() if _is_running(entry)}
    for entry in found.values():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(entry["pid"], signal.SIGKILL)
    deadline = time.monotonic() + timeout_s
    while any(_is_running(entry) for entry in found.values()):
        if time.monotonic() > deadline:
            raise StackError(f"Processes of an earlier stack on {home} do not end: {sorted(found)}")
        time.sleep(0.05)
    (home / "processes.json").unlink(missing_ok=True)
    return sorted(found)
