"""The tests on days that code gets wrong: `make calendar`, or `python -m tests.support.days [NAME...]`.

Each day is a run of its own in which libfaketime (Debian: `apt install faketime`) moves the time of day of every
process but Java; the monotonic clock stays. The days lie in the future, as the fixed dates of tests lie in the past.
Each run begins shortly before the moment that it is about.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from tests.integration.conftest import shared_parts
from tests.support.faketime import PATCHES, library, preloaded

from tablewatch_schemas import TOPICS

UNIT = ("tests/unit", "tests/contract")
HEAVY = tuple(f"--ignore=tests/unit/{part}" for part in ("extractor", "inference", "demo", "bench", "stack"))
DATED = tuple(
    f"tests/integration/{module}.py"
    for module in (
        "api/test_confirmations", "api/test_history", "api/test_keys", "api/test_links", "api/test_objects",
        "api/test_rate_limit", "api/test_registry", "api/test_session", "api/test_sites", "ingest/test_commands",
        "ingest/test_plain_upload", "ingest/test_site_limits", "ingest/test_tus_upload",
    )
)  # fmt: skip
# The kernel gives files the true time of day, whatever the library says; and a process that is locked down, has little
# memory or no descriptors cannot read the library's file: it is ended, or takes another path than without the library.
UNFAKED = (
    *("-k", "not size_and_time and not output_that_cannot_be_written and not is_deleted_a_day_later"),
    "--ignore=tests/unit/sandbox",
)
# The broker's clock is that of today: it would refuse records from the future.
ANY_TIME = {"message.timestamp.after.max.ms": str(2**63 - 1), "retention.ms": "-1"}


@dataclass(frozen=True)
class Day:
    """`begins` is UTC. `unit`: all unit tests, and not only the quick ones; `integration`: those with dates too."""

    name: str
    begins: str
    zone: str = "UTC"
    unit: bool = False
    integration: bool = False


DAYS = (
    Day("sunday-clocks-forward-st-johns", "2027-03-14T05:29:30", zone="America/St_Johns"),
    Day("sunday-clocks-forward-vienna", "2027-03-28T00:59:30", zone="Europe/Vienna"),
    Day("wednesday-last-of-a-month", "2027-03-31T23:59:30"),
    Day("thursday-first-of-a-month", "2027-04-01T12:00:00"),
    Day("saturday-last-of-a-month", "2027-07-31T23:59:30", zone="Pacific/Auckland"),
    Day("sunday-clocks-back-vienna", "2027-10-31T00:59:30", zone="Europe/Vienna", unit=True, integration=True),
    Day("sunday-clocks-back-st-johns", "2027-11-07T04:29:30", zone="America/St_Johns"),
    Day("friday-last-of-a-year", "2027-12-31T23:59:15", unit=True, integration=True),
    Day("tuesday-29-february", "2028-02-29T23:59:15", unit=True, integration=True),
    Day("monday-first-of-a-year", "2029-01-01T00:00:05", integration=True),
)


def main(names: list[str]) -> int:
    """Run the named days, or all of them; the exit code."""
    fake = library()
    if fake is None:
        sys.stderr.write("make calendar needs libfaketime: apt install faketime\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        clock = MovedClock(fake, Path(folder) / "offset")
        failed = [day.name for day in DAYS if day.name in (names or day.name) and not _passes(day, clock)]
    sys.stdout.write(f"days that failed: {', '.join(failed) or 'none'}\n")
    return int(bool(failed))


@dataclass(frozen=True)
class MovedClock:
    """A time of day that all processes read from a file of the offset to the true one."""

    library: Path
    offset: Path

    def environment(self, zone: str) -> dict[str, str]:
        """For processes that have it."""
        file = {"FAKETIME_TIMESTAMP_FILE": str(self.offset), "FAKETIME_CACHE_DURATION": "1"}
        own = {"TZ": zone, "PYTHONPATH": str(PATCHES), "TEST_S3": "nanio"}
        return os.environ | preloaded(self.library) | file | own

    def set(self, begins: str) -> None:
        """Let it be `begins` (UTC) now, in running processes within a second."""
        self._write(datetime.fromisoformat(begins).replace(tzinfo=UTC).timestamp() - time.time())

    def reset(self) -> None:
        """Show the true time."""
        self._write(0)

    def _write(self, seconds: float) -> None:
        written = self.offset.with_suffix(".new")
        written.write_text(f"{seconds:+.0f}\n")
        written.replace(self.offset)


def _passes(day: Day, clock: MovedClock) -> bool:
    """Both rings of a day; the second begins at the same moment anew."""
    sys.stdout.write(f"== {day.name}: {day.begins} UTC, {day.zone}\n")
    sys.stdout.flush()
    environment = clock.environment(day.zone)
    clock.set(day.begins)
    unit = _pytest([*UNIT, *(() if day.unit else HEAVY)], environment)
    if not day.integration:
        return unit
    clock.reset()  # until the broker accepts other times
    with _infrastructure(environment) as addresses:
        clock.set(day.begins)
        return _pytest([*DATED, "--dist", "loadfile"], environment | addresses) and unit


def _pytest(words: list[str], environment: Mapping[str, str]) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *UNFAKED, *words]
    return subprocess.run(command, env=environment, check=False).returncode == 0


@contextmanager
def _infrastructure(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Kafka and Postgres for a day."""
    with tempfile.TemporaryDirectory() as home, shared_parts(Path(home), environment) as addresses:
        asyncio.run(_accept_any_time(addresses["kafka_bootstrap"]))
        yield {name.upper(): address for name, address in addresses.items()}


async def _accept_any_time(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, ANY_TIME) for topic in TOPICS])
    finally:
        await admin.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
