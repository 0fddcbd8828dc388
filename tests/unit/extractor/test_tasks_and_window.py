"""Coroutines that live and die together; the window of frames under way."""

import asyncio

import pytest

from chassis.testing import ManualClock
from extractor.files.children import Child, Message
from extractor.files.tasks import together
from extractor.files.window import Window


async def test_the_others_end_with_the_main_one() -> None:
    ended = asyncio.Event()

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def main() -> int:
        await asyncio.sleep(0)
        return 7

    assert await together(main(), other()) == 7
    assert ended.is_set()


async def test_the_first_to_raise_ends_all() -> None:
    cancelled = asyncio.Event()

    async def main() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def broken() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await together(main(), broken())
    assert cancelled.is_set()


async def test_others_may_end_early() -> None:
    async def main() -> str:
        await asyncio.sleep(0.01)
        return "done"

    assert await together(main(), asyncio.sleep(0)) == "done"


class Backlog:
    def __init__(self) -> None:
        self.asked, self.size = 0, 0

    async def waiting(self) -> int | None:
        self.asked += 1
        return self.size


async def test_what_was_released_counts_until_the_next_look() -> None:
    clock, backlog = ManualClock(), Backlog()
    window = Window(500, backlog, clock)
    backlog.size = 100
    assert await window.room() == 400
    window.released(150)
    backlog.size = 0
    assert await window.room() == 250
    window.released(900)
    assert await window.room() == 0
    clock.advance(1)
    assert await window.room() == 500
    assert backlog.asked == 2


async def test_a_window_of_nothing_is_no_window() -> None:
    backlog = Backlog()
    assert await Window(0, backlog, ManualClock()).room() > 10**6
    assert backlog.asked == 0


@pytest.mark.parametrize("turns", range(4))
async def test_a_listener_that_is_cancelled_with_a_message_at_hand_ends(turns: int) -> None:
    """`asyncio.wait_for` would swallow the cancellation on Python 3.11, and the worker would wait for ever."""
    child = Child.__new__(Child)
    arrived: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def read() -> Message:
        return await arrived

    child._read = read  # type: ignore[method-assign]
    hearing = asyncio.ensure_future(child._hear(60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    arrived.set_result(Message("alive", {}, b""))
    for _ in range(turns):
        await asyncio.sleep(0)
    if hearing.cancel():
        with pytest.raises(asyncio.CancelledError):
            await hearing
