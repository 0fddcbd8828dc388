"""Readiness checks answer at once, never pile up, and forgive a moment."""

import asyncio
import errno
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import structlog

from chassis.clock import SystemClock
from chassis.health import Health
from chassis.metrics import Metrics
from dependencies import checks as checks_module
from dependencies.checks import Check, DependencyChecks
from dependencies.directory import STORE_DIRECTORY, DirectoryProbe, OneAtATime
from dependencies.errors import (
    BrokerUnreachable,
    DatabaseRefused,
    DatabaseUnreachable,
    DependencyError,
    DescriptorsExhausted,
    StoreDirectoryMissing,
    StoreFull,
    StoreReadOnly,
)


class Watched:
    """Checks with a fast pace, and what `/readyz` would say."""

    def __init__(self) -> None:
        self.health, self.metrics = Health(), Metrics()
        self.checks = DependencyChecks(self.health, self.metrics, SystemClock(), structlog.get_logger())

    async def until(self, expected: Callable[[str], bool], name: str = "database") -> None:
        async with asyncio.timeout(10):
            while not expected(self.health.unready().get(name, "")):
                await asyncio.sleep(0.005)


@pytest.fixture
async def watched(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setattr(checks_module, "EVERY_S", 0.01)
    monkeypatch.setattr(checks_module, "AGAIN_S", 0.01)
    made = Watched()
    yield made
    await made.checks.close()


async def test_a_dependency_goes_and_comes_back_by_name_and_code(watched: Watched) -> None:
    fault: DependencyError | None = None

    async def probe() -> None:
        if fault is not None:
            raise fault

    watched.checks.add(DatabaseUnreachable, probe)
    assert watched.health.unready()["database"].startswith("database_unreachable: ")  # it has not answered yet
    assert watched.health.checks() == ["database"]
    await watched.until(lambda complaint: not complaint)
    fault = DatabaseRefused()
    await watched.until(lambda complaint: complaint.startswith("database_refused: The database refuses our user"))
    await asyncio.sleep(0)
    assert watched.metrics.value("dependency_ready", dependency="database") == 0
    fault = None
    await watched.until(lambda complaint: not complaint)
    assert not watched.health.dead()


def test_one_failure_of_what_was_there_changes_nothing() -> None:
    check = Check(BrokerUnreachable)
    check.failed(OSError("refused"))
    assert check.complaint is not None, "never there: the first failure counts"
    check.succeeded()
    check.failed(OSError("refused"))
    assert check.complaint is None
    check.failed(OSError("refused"))
    assert check.complaint is not None
    assert check.complaint.startswith("broker_unreachable: The broker does not answer.")
    assert "refused" in check.complaint


async def test_one_that_hangs_is_unready_at_its_deadline_and_asked_once_at_a_time(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks_module, "DEADLINE_S", 0.05)
    frozen, asked, at_once, most = threading.Event(), 0, 0, 0
    thread = OneAtATime()

    def ask() -> None:
        nonlocal asked, at_once, most
        asked, at_once = asked + 1, at_once + 1
        most = max(most, at_once)
        frozen.wait(30)
        at_once -= 1

    async def probe() -> None:
        await thread.run(ask)

    frozen.set()
    watched.checks.add(DatabaseUnreachable, probe)
    await watched.until(lambda complaint: not complaint)
    frozen.clear()
    await watched.until(lambda complaint: "no answer within 0.05 s" in complaint)
    before = asked
    await asyncio.sleep(0.3)
    assert asked == before, "the question that hangs is waited for, and no other begun"
    frozen.set()
    await watched.until(lambda complaint: not complaint)
    assert most == 1


async def test_a_probe_that_raises_anything_goes_on_being_asked(watched: Watched) -> None:
    errors = iter([ValueError("a driver's fault"), MemoryError(), KeyError("x")])

    async def probe() -> None:
        for error in errors:
            raise error

    watched.checks.add(DatabaseUnreachable, probe)
    await watched.until(lambda complaint: not complaint)


async def test_a_directory_is_missing_full_or_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    probe = DirectoryProbe(folder, STORE_DIRECTORY)
    with pytest.raises(StoreDirectoryMissing, match=r"correct OBJECTS_DIR. \(.*objects"):
        await probe()
    folder.mkdir()
    await probe()
    assert list(folder.iterdir()) == []
    for number, kind in (
        (errno.ENOSPC, StoreFull),
        (errno.EROFS, StoreReadOnly),
        (errno.EMFILE, DescriptorsExhausted),
        (errno.ENFILE, DescriptorsExhausted),
        (errno.ENOENT, StoreDirectoryMissing),
    ):
        assert type(probe.error(OSError(number, "why"))) is kind


def test_every_code_is_one_of_a_dependency_and_every_sentence_says_what_to_do() -> None:
    found = {error.code: error for error in DependencyError.each()}
    assert {error.name for error in found.values()} == {"store", "uploads", "database", "broker", "descriptors"}
    for code, error in found.items():
        assert code.startswith(error.name)
        assert error.sentence.count(". ") == 1, f"{code}: what is wrong, then what to do"
        assert code in error().excuse
