"""Retry, patience and the circuit breaker, on a clock that the test moves."""

import asyncio

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import Clock, SystemClock
from chassis.metrics import Metrics
from chassis.testing import ManualClock
from classifier_gateway.dispatch.ask import Asker, AskOptions
from classifier_gateway.dispatch.breaker import Breaker, BreakerOptions
from inference import FrameRequest, TableVerdict, Unavailable, Unreadable

REQUEST = FrameRequest(frame_id="f", site_id="s", jpeg=b"", regions=())
VERDICT = TableVerdict("tbl_1", "free", 0.9, 0, 0, "m", "1")


class Scripted:
    """Answers, raises or hangs as told, and counts how many ask at once."""

    name, version = "scripted", "1"

    def __init__(self, *script) -> None:
        self.script, self.asked, self.now, self.most = list(script), 0, 0, 0

    async def classify(self, request):
        self.asked += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            what = self.script.pop(0) if self.script else [VERDICT]
            if what == "hang":
                await asyncio.sleep(3600)
            await asyncio.sleep(0)
            if isinstance(what, Exception):
                raise what
            return what
        finally:
            self.now -= 1

    async def close(self): ...


def asker(classifier, clock: Clock, **options) -> Asker:
    made = AskOptions(**{"backoff_s": 1.0, "breaker": BreakerOptions(failures=3, open_s=10), **options})
    return Asker(classifier, made, clock=clock, metrics=Metrics(), log=structlog.get_logger())


async def turning(clock: ManualClock, task, step=0.25, most=4000):
    """Let time pass until the task is done."""
    for _ in range(most):
        if task.done():
            return task.result()
        await asyncio.sleep(0)
        clock.advance(step)
    raise AssertionError("never done")


async def test_it_asks_again_until_it_answers():
    clock, classifier = ManualClock(), Scripted(Unavailable("no"), Unavailable("no"))
    task = asyncio.ensure_future(asker(classifier, clock).ask(REQUEST, 60, live=True))
    assert await turning(clock, task) == [VERDICT]
    assert classifier.asked == 3


async def test_it_gives_up_when_patience_ends():
    clock, classifier = ManualClock(), Scripted(*[Unavailable("down")] * 1000)
    with pytest.raises(Unavailable):
        await turning(clock, asyncio.ensure_future(asker(classifier, clock).ask(REQUEST, 5, live=True)))
    assert 5 <= clock.monotonic() < 7


async def test_what_is_no_picture_is_asked_once():
    classifier = Scripted(Unreadable("no picture"))
    with pytest.raises(Unreadable):
        await asker(classifier, ManualClock()).ask(REQUEST, 60, live=True)
    assert classifier.asked == 1


async def test_an_answer_that_never_comes_counts_as_none():
    classifier = Scripted("hang")
    with pytest.raises(Unavailable):
        await asker(classifier, SystemClock(), timeout_s=0.02).ask(REQUEST, 0.1, live=True)
    assert (classifier.asked, classifier.now) == (1, 0)


async def test_while_the_circuit_is_open_nobody_asks():
    clock, classifier = ManualClock(), Scripted(*[Unavailable("down")] * 3)
    asking = asker(classifier, clock, backoff_s=0.01, backoff_max_s=0.01)
    first = asyncio.ensure_future(asking.ask(REQUEST, 60, live=True))
    while classifier.asked < 3:
        await asyncio.sleep(0)
        clock.advance(0.01)
    asked_at = clock.monotonic()
    assert await turning(clock, first) == [VERDICT]
    assert clock.monotonic() - asked_at >= 10
    assert classifier.asked == 4


async def test_no_more_are_under_way_than_allowed():
    classifier = Scripted()
    asking = asker(classifier, ManualClock(), in_flight=2)
    await asyncio.gather(*(asking.ask(REQUEST, 60, live=True) for _ in range(10)))
    assert (classifier.most, classifier.asked) == (2, 10)


async def test_runs_leave_one_place_to_live_tables():
    """However many runs wait, a live frame is asked about at once."""
    classifier = Scripted("hang", [VERDICT])
    asking = asker(classifier, ManualClock(), in_flight=2)
    runs = [asyncio.ensure_future(asking.ask(REQUEST, 60, live=False)) for _ in range(5)]
    while not classifier.asked:
        await asyncio.sleep(0)
    assert await asking.ask(REQUEST, 60, live=True) == [VERDICT]
    assert classifier.asked == 2
    for run in runs:
        run.cancel()


async def test_with_one_place_runs_have_it_too():
    classifier = Scripted()
    asking = asker(classifier, ManualClock(), in_flight=1)
    await asyncio.gather(*(asking.ask(REQUEST, 60, live=False) for _ in range(5)))
    assert (classifier.most, classifier.asked) == (1, 5)


async def test_no_time_left_is_unavailable_without_asking():
    classifier = Scripted()
    with pytest.raises(Unavailable):
        await asker(classifier, ManualClock()).ask(REQUEST, 0, live=True)
    assert classifier.asked == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=60))
def test_the_breaker_waits_no_longer_than_its_limit_and_closes_on_success(steps):
    options = BreakerOptions(failures=3, open_s=2, open_max_s=16)
    breaker, now, failed = Breaker(options), 0.0, 0
    for works, passed in steps:
        now += passed
        wait = breaker.wait_s(now)
        assert 0 <= wait <= options.open_max_s
        assert failed >= options.failures or wait == 0
        if wait:
            continue
        breaker.begin()
        if works:
            breaker.succeeded()
            failed = 0
            assert breaker.wait_s(now) == 0
        else:
            breaker.failed(now)
            failed += 1


def test_an_open_circuit_lets_one_probe_through_and_waits_twice_as_long_after_it_fails():
    breaker = Breaker(BreakerOptions(failures=1, open_s=2, open_max_s=60))
    breaker.failed(0)
    assert breaker.wait_s(1) == 1
    breaker.begin()
    assert breaker.wait_s(2) > 0, "a probe is under way"
    breaker.failed(2)
    assert breaker.wait_s(2) == 4
