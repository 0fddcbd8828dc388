"""Where the pictures lie: a full disk, and a store that refuses and is late."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.faults.proof import Proof, Since
from tests.integration.s3 import running
from tests.support.faulty_store import Mood, faulty_door
from tests.support.load import Load, Sent
from tests.support.private_stack import PrivateStack
from tests.support.road import make_place
from tests.support.watch import Watch

from chassis.objects_local import TEMPORARY

pytestmark = [pytest.mark.timeout(1800), pytest.mark.usefixtures("alone")]
SICK_S = 25
LATE_S = 10.0
BLOCK = 64 * 1024
MOODS = {
    "S3 answering 503 to everything": (1.0, 0.0),
    f"S3 {LATE_S:.0f} s late with everything": (0.0, 1.0),
}


@contextmanager
def loaded(home: Path, layout: dict[str, Any], clip: Path, settings: dict[str, str]) -> Iterator[tuple[Load, Watch]]:
    """A stack of its own with uploads to it, and what its topics tell."""
    stack = PrivateStack(home, settings=settings)
    try:
        with stack.start().client() as client:
            place = make_place(client, layout)
        with Watch(stack.run()["kafka_bootstrap"]) as watch, Load(stack, place, clip) as load:
            yield load, watch
    finally:
        stack.stop_if_up()
    assert stack.processes() == []


def calm(load: Load, count: int) -> list[Sent]:
    """As many uploads at once as a fault will meet, before it: what is usual on this stack."""
    sent = load.start(count)
    for each in sent:
        assert each.ended()["status"] == "done"
    return sent


def test_a_store_that_refuses_and_is_late(tmp_path: Path, layout: dict[str, Any], clip: Path, proof: Proof) -> None:
    mood = Mood()
    with running(tmp_path / "buckets") as server, faulty_door(server.url, mood) as door:
        settings = {"S3_URL": door, "S3_ACCESS_KEY": server.access_key, "S3_SECRET_KEY": server.secret_key}
        with loaded(tmp_path / "home", layout, clip, settings) as (load, watch):
            usual = calm(load, 3)
            for fault, (refused, late) in MOODS.items():
                sent = load.start(2)
                load.until_published(sent[0], 5)
                mood.sick(refused, late, LATE_S)
                sent += load.start()
                time.sleep(SICK_S)
                mood.well()
                said = f"{mood.counts['refused']} requests refused, {mood.counts['late']} late; "
                proof.check_back(f"{fault} for {SICK_S} s", load, sent, Since(time.monotonic(), watch, usual), said)


def test_a_full_disk(tmp_path: Path, layout: dict[str, Any], clip: Path, proof: Proof) -> None:
    disk = tmp_path / "disk"
    settings = {"OBJECTS_DIR": str(disk)}
    with small_disk(disk, 160) as small, loaded(tmp_path / "home", layout, clip, settings) as (load, watch):
        usual = calm(load, 3)
        sent = load.start(2)
        load.until_published(sent[0], 5)
        with full(disk) if small else no_folder(disk / TEMPORARY):
            sent += load.start()
            time.sleep(SICK_S)
        what = "disk full" if small else "nothing can be written (no right to mount a small disk)"
        proof.check_back(f"{what} for {SICK_S} s", load, sent, Since(time.monotonic(), watch, usual))


@contextmanager
def small_disk(where: Path, megabytes: int) -> Iterator[bool]:
    """A file system of its own; False where one may not mount any, as in most containers."""
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
    """Write until nothing more fits, and make room again at the end."""
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
