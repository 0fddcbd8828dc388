"""Coroutines of which none goes on without the others."""

import asyncio

import pytest

from extractor.files.linked_tasks import run_linked


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

    assert await run_linked(main(), other()) == 7
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
        await run_linked(main(), broken())
    assert cancelled.is_set()


async def test_others_may_end_early() -> None:
    ended = asyncio.Event()

    async def other() -> None:
        ended.set()

    async def main() -> str:
        await ended.wait()
        return "done"

    assert await run_linked(main(), other()) == "done"
