"""The clock of the machine steps back an hour while uploads run."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from tests.faults.proof import PATIENCE_S, Proof, Since
from tests.faults.test_storage import calm, loaded
from tests.support.private_stack import REPO

pytestmark = [pytest.mark.timeout(1800), pytest.mark.usefixtures("alone")]
LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")
HOUR_S = 3600


def library() -> Path | None:
    """Debian's libfaketime, where it is installed."""
    found = [path for pattern in LIBRARIES for path in Path("/").glob(pattern.lstrip("/"))]
    return found[0] if found else None


def preloaded(offset: Path, fake: Path) -> dict[str, str]:
    """Every process of the stack but Kafka reads the time of day through the library; Java stands still with it."""
    return {
        "LD_PRELOAD": str(fake),
        "FAKETIME_SKIP_CMDS": "java",
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def own_clock(offset: Path, folder: Path) -> dict[str, str]:
    """Without the library: the clock that is injected into the six services reads the offset; nothing else does."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(INJECTED)
    path = os.pathsep.join([str(folder), str(REPO / "deploy" / "local")])
    return {"PYTHONPATH": path, "TESTS_CLOCK_OFFSET": str(offset)}


def put(offset: Path, said: str) -> None:
    """At one stroke: the services read the file at any moment."""
    written = offset.with_suffix(".new")
    written.write_text(said)
    written.replace(offset)


INJECTED = """
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from chassis.clock import SystemClock

def now(self):
    return datetime.now(UTC) + timedelta(seconds=float(Path(os.environ["TESTS_CLOCK_OFFSET"]).read_text()))

SystemClock.now = now
"""


def test_the_clock_steps_back(tmp_path: Path, layout: dict[str, Any], clip: Path, proof: Proof) -> None:
    offset = tmp_path / "offset"
    put(offset, "+0\n")
    fake = library()
    settings = preloaded(offset, fake) if fake else own_clock(offset, tmp_path / "injected")
    with loaded(tmp_path / "home", layout, clip, settings) as (load, watch):
        usual = calm(load, 3)
        sent = load.start(2)
        load.until_published(sent[0], 5)
        put(offset, f"-{HOUR_S}\n")
        time.sleep(2)  # the library looks at the file once a second
        since = Since(time.monotonic(), watch, usual)
        killed = load.stack.kill("extractor")  # its leases end in an hour, by the clock of before
        sent += load.start()
        load.stack.back("extractor", killed, PATIENCE_S)
        whose = "the services and Postgres (libfaketime)" if fake else "the six services (no libfaketime here)"
        proof.check_back(f"the clock of {whose} an hour back and the extractor killed", load, sent, since)
