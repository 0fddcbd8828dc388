"""Faults of the object store: a full disk, and an S3 server that refuses and is late."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from stack.services import MODULES
from tests.faults.checks import Checks, FaultEnd, wait_unready
from tests.integration.s3 import running
from tests.support.event_times import EventTimes
from tests.support.faulty_store import Faults, faulty_proxy
from tests.support.pipeline import make_site
from tests.support.private_stack import PrivateStack
from tests.support.uploads import Upload, Uploads

from objects.local import TEMPORARY

pytestmark = [pytest.mark.timeout(1800), pytest.mark.usefixtures("shared_stack_stopped")]
FAULT_S = 25
LATE_S = 10.0
BLOCK = 64 * 1024
HOME_MB = 600
DEAD_S = 15
MORTAL = ("kafka", "postgres", "extractor")
BACK_S = 120
FAULTS = {
    "S3 answering 503 to everything": (1.0, 0.0, "store_failing"),
    f"S3 {LATE_S:.0f} s late with everything": (0.0, 1.0, "store_unreachable"),
}


@contextmanager
def loaded(
    home: Path, layout: dict[str, Any], clip: Path, settings: dict[str, str]
) -> Iterator[tuple[Uploads, EventTimes]]:
    """A stack of its own, uploads to it, and the times of its events."""
    stack = PrivateStack(home, settings=settings)
    try:
        with stack.start().client() as client:
            site = make_site(client, layout)
        with EventTimes(stack.run()["kafka_bootstrap"]) as times, Uploads(stack, site, clip) as uploads:
            yield uploads, times
    finally:
        stack.stop_if_up()
    assert stack.processes() == []


def undisturbed_uploads(uploads: Uploads, count: int) -> list[Upload]:
    """As many uploads at once as a fault will meet, before it, to compare their times; none without FAULTS_FIGURES."""
    if not os.environ.get("FAULTS_FIGURES"):
        return []
    started = uploads.start(count)
    for upload in started:
        assert upload.wait()["status"] == "done"
    return started


def test_a_store_that_refuses_and_is_late(tmp_path: Path, layout: dict[str, Any], clip: Path, checks: Checks) -> None:
    faults = Faults()
    with running(tmp_path / "buckets") as server, faulty_proxy(server.url, faults) as url:
        settings = {"S3_URL": url, "S3_ACCESS_KEY": server.access_key, "S3_SECRET_KEY": server.secret_key}
        with loaded(tmp_path / "home", layout, clip, settings) as (uploads, times):
            usual = undisturbed_uploads(uploads, 3)
            for fault, (refused, late, code) in FAULTS.items():
                checked = uploads.start(2)
                uploads.wait_published(checked[0], 5)
                faults.begin(refused, late, LATE_S)
                begun = time.monotonic()
                checked += uploads.start()
                named = wait_unready(uploads.stack, MODULES, "store", code)
                assert "store" in wrong_parts(uploads.stack)
                time.sleep(max(0.0, begun + FAULT_S - time.monotonic()))
                faults.end()
                figures = f"{faults.counts['refused']} requests refused, {faults.counts['late']} late, "
                figures += f"named by all after {named:.1f} s; "
                checks.equal_after(
                    f"{fault} for {FAULT_S} s", uploads, checked, FaultEnd(time.monotonic(), times, usual), figures
                )


def test_a_full_disk(tmp_path: Path, layout: dict[str, Any], clip: Path, checks: Checks) -> None:
    """First of the objects alone; then of the stack's home, with its logs, Kafka and Postgres, which die meanwhile."""
    disk, home = tmp_path / "disk", tmp_path / "home"
    settings = {"OBJECTS_DIR": str(disk)}
    with (
        small_disk(disk, 160) as small,
        small_disk(home, HOME_MB),
        loaded(home, layout, clip, settings) as (uploads, times),
    ):
        usual = undisturbed_uploads(uploads, 3)
        checked = uploads.start(2)
        uploads.wait_published(checked[0], 5)
        with full(disk) if small else no_folder(disk / TEMPORARY):
            checked += uploads.start()
            time.sleep(FAULT_S)
        what = "disk full" if small else "nothing can be written (mounting a small disk is not permitted)"
        checks.equal_after(f"{what} for {FAULT_S} s", uploads, checked, FaultEnd(time.monotonic(), times, usual))
        if small:
            die_on_a_full_home(uploads, FaultEnd(time.monotonic(), times, usual), checks)


def die_on_a_full_home(uploads: Uploads, before: FaultEnd, checks: Checks) -> None:
    """Nothing that runs can write a byte, and neither can the supervisor, its output included; three parts die."""
    stack = uploads.stack
    checked = uploads.start()
    uploads.wait_published(checked[0], 5)
    with full(stack.home):
        killed = {name: stack.kill(name) for name in MORTAL}
        time.sleep(DEAD_S)
    end = FaultEnd(time.monotonic(), before.times, before.usual)
    for name, pid in killed.items():
        stack.wait_restarted(name, pid, BACK_S)
    checked += uploads.start()
    checks.equal_after(f"home full for {DEAD_S} s and {', '.join(MORTAL)} killed", uploads, checked, end)


def wrong_parts(stack: PrivateStack) -> set[str]:
    """Parts that `tablewatch check` calls wrong."""
    environment = os.environ | {"TABLEWATCH_HOME": str(stack.home)}
    command = [sys.executable, "-m", "tablewatch_cli", "check", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return {finding["part"] for finding in json.loads(done.stdout) if finding["ok"] is False}


@contextmanager
def small_disk(where: Path, megabytes: int) -> Iterator[bool]:
    """A file system of its own; False where mounting is not permitted, as in most containers."""
    where.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(where)]
    mounted = not subprocess.run(command, check=False, capture_output=True).returncode
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(where)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Write until nothing more fits, and free the space at the end."""
    ballast = disk / ".ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (BLOCK, 1):
            with pytest.raises(OSError, match="No space left"):
                while file.write(b"\0" * size):
                    pass
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def no_folder(incoming: Path) -> Iterator[None]:
    """A file where new objects have to be written first: every write fails, as it does on a full disk."""
    aside = incoming.with_name(".aside")
    incoming.rename(aside)
    incoming.touch()
    try:
        yield
    finally:
        incoming.unlink()
        aside.rename(incoming)
