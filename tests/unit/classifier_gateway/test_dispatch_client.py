"""Retry, deadline and the circuit breaker, on a clock that the test moves."""

import asyncio

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.doubles import ManualClock

from chassis.clock import Clock, SystemClock
from chassis.metrics import Metrics
from classifier_gateway.dispatch.breaker import Breaker, BreakerOptions
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions, TooLate
from inference import FrameRequest, Judgement, TableVerdict, Unavailable, Unreadable

REQUEST = FrameRequest(frame_id="f", site_id="s", jpeg=b"", regions=())
JUDGEMENT = Judgement((TableVerdict("tbl_1", "free", 0.9, 0, 0),), (), "m", "1", "none", 0, 0)


class Scripted:
    """Answers, raises or hangs by its script, and counts concurrent requests."""

    name, version = "scripted", "1"

    def __init__(self, *script) -> None:
        self.script, self.asked, self.now, self.most = list(script), 0, 0, 0

    async def classify(self, request):
        self.asked += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            what = self.script.pop(0) if self.script else JUDGEMENT
            if what == "hang":
                await asyncio.sleep(3600)
            await asyncio.sleep(0)
            if isinstance(what, Exception):
                raise what
            return what
        finally:
            self.now -= 1

    async def close(self): ...


def client_of(classifier, clock: Clock, **options) -> ClassifierClient:
    usual = {"in_flight": 2, "timeout_s": 15.0, "backoff_s": 1.0, "breaker": BreakerOptions(failures=3, open_s=10)}
    return ClassifierClient(
        classifier, ClientOptions(**{**usual, **options}), clock=clock, metrics=Metrics(), log=structlog.get_logger()
    )


async def advanced(clock: ManualClock, task, step=0.25, most=4000):
    """Let time pass until the task is done."""
    for _ in range(most):
        if task.done():
            return task.result()
        await asyncio.sleep(0)
        clock.advance(step)
    raise AssertionError("never done")


async def test_it_retries_until_it_is_answered():
    clock, classifier = ManualClock(), Scripted(Unavailable("no"), Unavailable("no"))
    task = asyncio.ensure_future(client_of(classifier, clock).classify(REQUEST, 60, live=True))
    assert await advanced(clock, task) == JUDGEMENT
    assert classifier.asked == 3


async def test_it_is_unavailable_when_the_time_is_over():
    clock, classifier = ManualClock(), Scripted(*[Unavailable("down")] * 1000)
    with pytest.raises(Unavailable):
        await advanced(clock, asyncio.ensure_future(client_of(classifier, clock).classify(REQUEST, 5, live=True)))
    assert 5 <= clock.monotonic() < 7


async def test_whose_time_went_by_in_the_queue_is_not_asked():
    clock, classifier = ManualClock(), Scripted("hang")
    client = client_of(classifier, clock, in_flight=1)
    first = asyncio.ensure_future(client.classify(REQUEST, 60, live=True))
    second = asyncio.ensure_future(client.classify(REQUEST, 5, live=True))
    await asyncio.sleep(0.01)
    clock.advance(6)
    first.cancel()
    with pytest.raises(Unavailable, match="no time was left"):
        await second
    assert classifier.asked == 1


async def test_what_is_no_picture_is_asked_once():
    classifier = Scripted(Unreadable("no picture"))
    with pytest.raises(Unreadable):
        await client_of(classifier, ManualClock()).classify(REQUEST, 60, live=True)
    assert classifier.asked == 1


async def test_an_answer_that_never_comes_counts_as_none():
    classifier = Scripted("hang")
    with pytest.raises(Unavailable):
        await client_of(classifier, SystemClock(), timeout_s=0.02).classify(REQUEST, 0.1, live=True)
    assert (classifier.asked, classifier.now) == (1, 0)


async def test_a_frame_that_had_no_time_left_does_not_open_the_circuit():
    """Under load frames come nearly late, one after the other: with the circuit open nobody would be judged at all."""
    classifier = Scripted(*["hang"] * 5)
    client = client_of(classifier, SystemClock(), fair_s=5.0)
    for number in range(1, 6):
        with structlog.testing.capture_logs() as lines, pytest.raises(Unavailable, match=r"no answer within 0\.[01] s"):
            await client.classify(REQUEST, 0.004 * 2**number, live=True)
        assert lines[0]["error"].startswith("no answer within 0.")
    assert await client.classify(REQUEST, 60, live=True) == JUDGEMENT


async def test_while_the_circuit_is_open_nobody_asks():
    clock, classifier = ManualClock(), Scripted(*[Unavailable("down")] * 3)
    client = client_of(classifier, clock, backoff_s=0.01, backoff_max_s=0.01)
    first = asyncio.ensure_future(client.classify(REQUEST, 60, live=True))
    while classifier.asked < 3:
        await asyncio.sleep(0)
        clock.advance(0.01)
    asked_at = clock.monotonic()
    assert await advanced(clock, first) == JUDGEMENT
    assert clock.monotonic() - asked_at >= 10
    assert classifier.asked == 4


@pytest.mark.parametrize("failure", [Unreadable("no picture"), RuntimeError("a fault of ours")])
async def test_a_probe_that_ends_in_another_failure_leaves_the_way_free(failure):
    clock, classifier = ManualClock(), Scripted(*[Unavailable("down")] * 3, failure)
    client = client_of(classifier, clock, backoff_s=0.01, backoff_max_s=0.01)
    with pytest.raises(type(failure)):
        await advanced(clock, asyncio.ensure_future(client.classify(REQUEST, 60, live=True)))
    assert await advanced(clock, asyncio.ensure_future(client.classify(REQUEST, 60, live=True))) == JUDGEMENT


async def test_a_probe_that_nobody_waits_for_leaves_the_way_free():
    clock, classifier = ManualClock(), Scripted(*[Unavailable("down")] * 3, "hang")
    client = client_of(classifier, clock, backoff_s=0.01, backoff_max_s=0.01)
    probe = asyncio.ensure_future(client.classify(REQUEST, 60, live=True))
    while classifier.asked < 4:
        await asyncio.sleep(0)
        clock.advance(0.25)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert await advanced(clock, asyncio.ensure_future(client.classify(REQUEST, 60, live=True))) == JUDGEMENT


async def test_no_more_are_in_flight_than_allowed():
    classifier = Scripted()
    client = client_of(classifier, ManualClock(), in_flight=2)
    await asyncio.gather(*(client.classify(REQUEST, 60, live=True) for _ in range(10)))
    assert (classifier.most, classifier.asked) == (2, 10)


async def test_runs_leave_one_request_to_live_tables():
    """However many runs wait, a live frame is asked about at once."""
    classifier = Scripted("hang", JUDGEMENT)
    client = client_of(classifier, ManualClock(), in_flight=2)
    runs = [asyncio.ensure_future(client.classify(REQUEST, 60, live=False)) for _ in range(5)]
    while not classifier.asked:
        await asyncio.sleep(0)
    assert await client.classify(REQUEST, 60, live=True) == JUDGEMENT
    assert classifier.asked == 2
    for run in runs:
        run.cancel()


async def test_with_one_request_in_flight_runs_have_it_too():
    classifier = Scripted()
    client = client_of(classifier, ManualClock(), in_flight=1)
    await asyncio.gather(*(client.classify(REQUEST, 60, live=False) for _ in range(5)))
    assert (classifier.most, classifier.asked) == (1, 5)


async def test_no_time_left_is_unavailable_without_asking():
    classifier = Scripted()
    with pytest.raises(Unavailable):
        await client_of(classifier, ManualClock()).classify(REQUEST, 0, live=True)
    assert classifier.asked == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=60))
@example([(False, 37.74), (False, 0.0), (False, 0.0), (False, 3.0), (False, 5.0), (False, 9.0), (False, 0.0)])
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


class Slow(Scripted):
    """Takes four seconds of the clock for each look, one after the other, and cannot be stopped."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.clock, self.free_at = clock, 0.0

    async def classify(self, request):
        self.asked += 1
        self.free_at = max(self.free_at, self.clock.monotonic()) + 4.0
        await self.clock.sleep(self.free_at - self.clock.monotonic())
        return JUDGEMENT


async def test_a_live_frame_with_too_little_time_for_a_look_has_none():
    clock = ManualClock()
    classifier = Slow(clock)
    client = client_of(classifier, clock)
    await advanced(clock, asyncio.ensure_future(client.classify(REQUEST, 10.0, live=True)))
    with pytest.raises(TooLate):
        await client.classify(REQUEST, 4.5, live=True)
    assert classifier.asked == 1
    assert await advanced(clock, asyncio.ensure_future(client.classify(REQUEST, 4.5, live=False))) == JUDGEMENT


async def test_of_frames_that_come_twice_as_fast_as_looks_are_made_half_are_looked_at_in_time():
    clock, in_time, refused = ManualClock(), 0, 0
    classifier = Slow(clock)
    client = client_of(classifier, clock, in_flight=1)

    async def frame() -> None:
        nonlocal in_time, refused
        came = clock.monotonic()
        try:
            await client.classify(REQUEST, 10.0, live=True)
            in_time += clock.monotonic() - came <= 10.0
        except TooLate:
            refused += 1

    waiting = []
    for _ in range(50):
        waiting.append(asyncio.ensure_future(frame()))
        for _ in range(8):
            await asyncio.sleep(0)
            clock.advance(0.25)
    await advanced(clock, asyncio.gather(*waiting))
    assert in_time >= 20
    assert classifier.asked + refused == 50
