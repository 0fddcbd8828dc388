"""python -m bench.overload: live frames that come faster than looks are made: how many are looked at, and how late.

The client of the classifier gateway on a clock that is moved by hand, so that nothing else on the machine matters. One
look at a time, which runs on when it is given up, as a model does. With `Pace`, and without.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from statistics import median

import structlog
from tests.support.doubles import ManualClock

from bench.live import percentile
from chassis.metrics import Metrics
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions
from classifier_gateway.dispatch.pace import Pace
from inference import FrameRequest, Judgement, Unavailable

FRAMES, DEADLINE_S, STEP_S = 200, 10.0, 0.05
LOADS = ((1.0, 0.5), (4.0, 2.0), (1.0, 0.25), (4.0, 1.0))
"""Seconds that a look takes, and between two frames."""
REQUEST = FrameRequest("frame", "site", b"", (), {})
FREE = Judgement((), (), "model", "1", "rule", 0, 0)


class Heedless(Pace):
    """Any time is enough."""

    def is_enough(self, left_s: float, now: float) -> bool:
        return True


@dataclass
class OneAtATime:
    """A classifier whose looks queue up, also those that nobody waits for any more."""

    clock: ManualClock
    look_s: float
    begun: int = 0
    free_at: float = 0.0
    name: str = "slow"
    version: str = "1"

    async def classify(self, request: FrameRequest) -> Judgement:
        self.begun += 1
        self.free_at = max(self.free_at, self.clock.monotonic()) + self.look_s
        await self.clock.sleep(self.free_at - self.clock.monotonic())
        return FREE

    async def close(self) -> None: ...


@dataclass
class Simulation:
    """Frames that come one every so many seconds; `took` of those that were looked at in time."""

    look_s: float
    every_s: float
    pace: Pace
    clock: ManualClock = field(default_factory=ManualClock)
    took: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.classifier = OneAtATime(self.clock, self.look_s)
        options = ClientOptions(in_flight=1, timeout_s=15.0)
        log = structlog.get_logger()
        self.client = ClassifierClient(
            self.classifier, options, clock=self.clock, metrics=Metrics(), log=log, pace=self.pace
        )

    async def run(self) -> Simulation:
        frames = []
        for _ in range(FRAMES):
            frames.append(asyncio.create_task(self._frame()))
            await self._pass(self.every_s)
        await self._pass(DEADLINE_S + 1)
        await asyncio.gather(*frames)
        return self

    async def _pass(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            for _ in range(4):
                await asyncio.sleep(0)
            self.clock.advance(STEP_S)

    async def _frame(self) -> None:
        """The timeout of the client is of the machine's clock; here it is of ours."""
        came = self.clock.monotonic()
        look = asyncio.create_task(self.client.classify(REQUEST, DEADLINE_S, live=True))
        late = asyncio.create_task(self.clock.sleep(DEADLINE_S))
        await asyncio.wait((look, late), return_when=asyncio.FIRST_COMPLETED)
        if look.done() and not isinstance(look.exception(), Unavailable):
            self.took.append(self.clock.monotonic() - came)
        look.cancel()
        late.cancel()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print("| a look takes | a frame each | | looked at in time | at most possible | p50 | p99 |\n" + "| --- " * 7 + "|")
    for look_s, every_s in LOADS:
        for name, pace in (("before", Heedless()), ("now", Pace())):
            found = asyncio.run(Simulation(look_s, every_s, pace).run())
            latency = f"{median(found.took):.1f} s | {percentile(found.took, 99):.1f} s" if found.took else "| "
            share, most = len(found.took) / FRAMES, every_s / look_s
            print(f"| {look_s:g} s | {every_s:g} s | {name} | {share:.0%} | {most:.0%} | {latency} |", flush=True)


if __name__ == "__main__":
    main()
