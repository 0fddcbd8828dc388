"""What is asked after every fault: the same outcome, nothing twice, every frame accounted for, and back how soon."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from stack.postgres import answers
from stack.ready import kafka_round_trip
from tests.faults.pace import pace, told
from tests.support.load import Load, Sent
from tests.support.outcome import Outcome, heard_of, nothing_twice, outcome, repeated
from tests.support.private_stack import PrivateStack, until
from tests.support.watch import Watch

Tell = Callable[[str], None]
PATIENCE_S = 120


@dataclass(frozen=True)
class Since:
    """The end of a fault (monotonic seconds), who listened, and uploads that no fault met on the same stack."""

    at: float
    watch: Watch
    usual: list[Sent]


@dataclass(frozen=True)
class Proof:
    """Holds runs against the undisturbed one."""

    undisturbed: Outcome
    tell: Tell

    def check(self, fault: str, load: Load, sent: list[Sent], said: str = "") -> None:
        """Wait for the uploads, compare each, and tell one line."""
        for each in sent:
            ended = each.ended()
            assert ended["status"] == "done", ended
        heard = heard_of(load.stack, {each.run_id for each in sent})
        nothing_twice(heard)
        for each in sent:
            assert outcome(load.stack, load.place, each.run_id, heard) == self.undisturbed
        again = repeated(heard)
        figures = ", ".join(f"{count} {topic}" for topic, count in again.items()) or "none"
        self.tell(
            f"{fault}: {said}{len(sent)} uploads, frames, crops and states equal, ledger balanced; again: {figures}"
        )

    def check_back(self, fault: str, load: Load, sent: list[Sent], since: Since, said: str = "") -> None:
        """As `check`, and tell how soon everything was ready and the work of each upload went on."""
        ready = back(load.stack, since.at)
        for each in sent:
            each.ended()
        paces = [pace(since.watch, each, since.at, since.usual) for each in sent]
        self.check(fault, load, sent, f"{said}after it: all ready {ready:.1f}, {told(paces)}; ")


def well(stack: PrivateStack) -> bool:
    """Kafka takes and gives a record, Postgres answers, every service says that it is ready."""
    run = stack.run()
    return asyncio.run(_well(run))


async def _well(run: dict[str, Any]) -> bool:
    try:
        async with asyncio.timeout(10), httpx.AsyncClient(trust_env=False, timeout=5) as client:
            await answers(run["database_url"])
            asked = [client.get(f"{url}/readyz") for url in run["ops_urls"].values()]
            ready = all(answer.is_success for answer in await asyncio.gather(*asked))
            if ready:
                await kafka_round_trip(run["kafka_bootstrap"])
            return ready
    except Exception:  # noqa: BLE001 (whatever fails, the answer is "not yet")
        return False


def back(stack: PrivateStack, since: float) -> float:
    """Wait until all is well again; seconds since the monotonic time `since`."""
    until(lambda: True if well(stack) else None, PATIENCE_S, "everything being well again")
    return time.monotonic() - since
