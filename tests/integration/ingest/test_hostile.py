"""The matrix of hostile files: the answer, the memory and the time of each; nothing outside is read."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests.unit.ingest.admitting import admitted
from tests.unit.ingest.hostile import HOSTILE, Make
from tests.unit.ingest.test_probe import listener

__all__ = ["listener"]

MEMORY_MB = 2048  # as INGEST_PROBE_MEMORY_MB, of address space; resident memory is printed
SECONDS = 20


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """A fresh process for each file, as the peak is that of all children: forked from one that has the imports."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["ingest.admission.probe"])
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as pool:
        yield pool


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_it_is_answered_within_bounds(
    make: Make, tmp_path: Path, listener: tuple[int, list[object]], processes: ProcessPoolExecutor
) -> None:
    port, called = listener
    path = tmp_path / "a.mp4"
    make(path, port)
    started = time.monotonic()
    code, peak_mb = processes.submit(admitted, path, SECONDS, MEMORY_MB).result(120)
    seconds = time.monotonic() - started
    print(f"{make.__name__:32} {code or 'admitted':18} {peak_mb:5} MB {seconds:6.1f} s")
    assert code in HOSTILE[make]
    assert peak_mb < MEMORY_MB
    assert called == []
