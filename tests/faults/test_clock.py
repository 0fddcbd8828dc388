"""The clock of the machine steps back an hour while uploads run."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from tests.faults.checks import TIMEOUT_S, Checks, FaultEnd
from tests.faults.test_storage import loaded, undisturbed_uploads
from tests.support.faketime import PATCHES, library, preloaded
from tests.support.private_stack import REPO

pytestmark = [pytest.mark.timeout(1800), pytest.mark.usefixtures("shared_stack_stopped")]
HOUR_S = 3600


def stepped(offset: Path, fake: Path) -> dict[str, str]:
    """Every process of the stack but Kafka reads the time of day through the library, the offset from a file."""
    own = {"FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_CACHE_DURATION": "1", "PYTHONPATH": _path(PATCHES)}
    return preloaded(fake) | own


def own_clock(offset: Path, folder: Path) -> dict[str, str]:
    """Without the library: the clock that is injected into the six services reads the offset; nothing else does."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(INJECTED)
    return {"PYTHONPATH": _path(folder), "TESTS_CLOCK_OFFSET": str(offset)}


def _path(folder: Path) -> str:
    return os.pathsep.join([str(folder), str(REPO / "deploy" / "local")])


def write(offset: Path, text: str) -> None:
    """By rename: the services read the file at any moment."""
    written = offset.with_suffix(".new")
    written.write_text(text)
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


def test_the_clock_steps_back(tmp_path: Path, layout: dict[str, Any], clip: Path, checks: Checks) -> None:
    offset = tmp_path / "offset"
    write(offset, "+0\n")
    fake = library()
    settings = stepped(offset, fake) if fake else own_clock(offset, tmp_path / "injected")
    with loaded(tmp_path / "home", layout, clip, settings) as (uploads, times):
        usual = undisturbed_uploads(uploads, 3)
        checked = uploads.start(2)
        uploads.wait_published(checked[0], 5)
        write(offset, f"-{HOUR_S}\n")
        time.sleep(2)  # the library looks at the file once a second
        end = FaultEnd(time.monotonic(), times, usual)
        killed = uploads.stack.kill("extractor")  # its leases end in an hour, by the clock of before
        checked += uploads.start()
        uploads.stack.wait_restarted("extractor", killed, TIMEOUT_S)
        whose = "the services and Postgres (libfaketime)" if fake else "the six services (no libfaketime here)"
        checks.equal_after(f"the clock of {whose} an hour back and the extractor killed", uploads, checked, end)
