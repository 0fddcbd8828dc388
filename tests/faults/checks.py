"""What is checked after every fault: the same outcome as without it, one content for each event id, every frame
accounted for, and how soon the stack recovered."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpx
from stack.kafka import kafka_round_trip
from stack.postgres import answers
from tests.faults.recovery import recovery_of, sentence
from tests.support.event_times import EventTimes
from tests.support.outcome import (
    Outcome,
    assert_one_content_per_id,
    assert_same_outcome,
    outcome,
    records_of,
    republished,
)
from tests.support.private_stack import PrivateStack, until
from tests.support.uploads import Upload, Uploads

Report = Callable[[str], None]
TIMEOUT_S = 120
UNREADY_S = 20
PROBE_S = 5
"""Of a probe: it answers at once whatever is frozen, on a machine that is busy."""


@dataclass(frozen=True)
class FaultEnd:
    """When a fault ended (monotonic seconds), with the times of events and undisturbed uploads on the same stack."""

    at: float
    times: EventTimes
    usual: list[Upload]


@dataclass(frozen=True)
class Checks:
    """Compares runs with the undisturbed one."""

    undisturbed: Outcome
    report: Report

    def equal(self, fault: str, uploads: Uploads, checked: list[Upload], figures: str = "") -> None:
        """Wait for the uploads, compare the outcome of each, and report one line."""
        for upload in checked:
            last_job = upload.wait()
            assert last_job["status"] == "done", last_job
        records = records_of(uploads.stack, {upload.run_id for upload in checked})
        assert_one_content_per_id(records)
        for upload in checked:
            assert_same_outcome(outcome(uploads.stack, uploads.site, upload.run_id, records), self.undisturbed)
        surplus = ", ".join(f"{count} {topic}" for topic, count in republished(records).items()) or "none"
        self.report(
            f"{fault}: {figures}{len(checked)} uploads, frames, crops and states equal, ledger balanced; "
            f"republished: {surplus}"
        )

    def equal_after(
        self, fault: str, uploads: Uploads, checked: list[Upload], end: FaultEnd, figures: str = ""
    ) -> None:
        """As `equal`, and report how soon all was ready and the work of each upload went on."""
        ready = wait_ready(uploads.stack, end.at)
        for upload in checked:
            upload.wait()
        recoveries = [recovery_of(end.times, upload, end.at, end.usual) for upload in checked]
        self.equal(fault, uploads, checked, f"{figures}after it: all ready {ready:.1f}, {sentence(recoveries)}; ")


def ready(stack: PrivateStack) -> bool:
    """A record goes through Kafka, Postgres runs a query, `/readyz` of every service succeeds."""
    run = stack.run()
    return asyncio.run(_ready(run))


async def _ready(run: dict[str, Any]) -> bool:
    try:
        async with asyncio.timeout(10), httpx.AsyncClient(trust_env=False, timeout=5) as client:
            await answers(run["database_url"])
            requests = [client.get(f"{url}/readyz") for url in run["ops_urls"].values()]
            services = all(response.is_success for response in await asyncio.gather(*requests))
            if services:
                await kafka_round_trip(run["kafka_bootstrap"])
            return services
    except Exception:  # noqa: BLE001 (whatever fails, the stack is not ready yet)
        return False


def wait_unready(stack: PrivateStack, names: Iterable[str], dependency: str, code: str) -> float:
    """Wait until `/readyz` of these services names the dependency with the code; seconds. `/livez` stays 200."""
    since, urls = time.monotonic(), [stack.run()["ops_urls"][name] for name in names]

    def named() -> bool | None:
        for url in urls:
            assert httpx.get(f"{url}/livez", timeout=PROBE_S, trust_env=False).is_success, (
                "no dependency ends a process"
            )
            answer = httpx.get(f"{url}/readyz", timeout=PROBE_S, trust_env=False)
            complaint = str(answer.json()["complaints"].get(dependency, ""))
            if answer.is_success or not complaint.startswith(f"{code}: "):
                return None
        return True

    until(named, UNREADY_S, f"{code} in /readyz")
    return time.monotonic() - since


def wait_ready(stack: PrivateStack, since: float) -> float:
    """Wait until all is ready; seconds since the monotonic time `since`."""
    until(lambda: True if ready(stack) else None, TIMEOUT_S, "everything being ready")
    return time.monotonic() - since
