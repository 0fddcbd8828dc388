"""The matrix of hostile files: the answer, the memory and the time of each; nothing outside is read."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.ingest.hostile import HOSTILE, Make
from tests.unit.ingest.test_probe import listener

__all__ = ["listener"]

MEMORY_MB = 2048  # as INGEST_PROBE_MEMORY_MB, of address space; what is resident is told
SECONDS = 20
PROGRAM = """
import asyncio, json, resource, sys
from pathlib import Path
from ingest.admission.facts import Limits
from ingest.admission.probe import Child, admit
from ingest.refusals import Refused

async def main():
    try:
        await admit(Path(sys.argv[1]), Limits(8192 * 4320, 90_000_000, 32), Child(float(sys.argv[2]), int(sys.argv[3])))
        return None
    except Refused as refused:
        return refused.refusal.code

code = asyncio.run(main())
print(json.dumps({"code": code, "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024}))
"""


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_it_is_answered_within_bounds(make: Make, tmp_path: Path, listener: tuple[int, list[object]]) -> None:
    port, called = listener
    path = tmp_path / "a.mp4"
    make(path, port)
    started = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, path, str(SECONDS), str(MEMORY_MB)],
        capture_output=True,
        check=True,
        timeout=120,
    )
    answer, seconds = json.loads(ran.stdout), time.monotonic() - started
    print(f"{make.__name__:32} {answer['code'] or 'admitted':18} {answer['peak_mb']:5} MB {seconds:6.1f} s")
    assert answer["code"] in HOSTILE[make]
    assert answer["peak_mb"] < MEMORY_MB
    assert called == []
