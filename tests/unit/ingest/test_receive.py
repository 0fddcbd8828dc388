"""Bytes of a request into the file of an upload."""

import asyncio
import errno
import os
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect

from ingest.refusals import LengthExceeded, Refusal, TooLarge
from ingest.store.partial_file import PartialFile
from ingest.upload import receive as receiving
from ingest.upload.receive import Limit, receive

LIMIT = Limit(10_000_000, LengthExceeded)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vid_1.part"


async def chunks(*parts: bytes, then: Exception | None = None, silent_s: float = 0) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    await asyncio.sleep(silent_s)
    if then is not None:
        raise then


async def code_of(body: AsyncIterator[bytes], partial: PartialFile, limit: Limit = LIMIT, idle_s: float = 5) -> str:
    with pytest.raises(Refusal) as refused:
        await receive(body, partial, limit, idle_s)
    return refused.value.code


async def test_bytes_are_appended_in_order(path: Path) -> None:
    path.write_bytes(b"before ")
    with PartialFile.open(path) as partial:
        await receive(chunks(b"one ", b"", b"two"), partial, LIMIT, 5)
        assert partial.size == len(b"before one two")
    assert path.read_bytes() == b"before one two"


async def test_many_small_and_large_chunks(path: Path) -> None:
    parts = [bytes([number % 256]) * (number * 37 % 5000) for number in range(1500)] + [b"x" * 3_000_000]
    with PartialFile.open(path, create=True) as partial:
        await receive(chunks(*parts), partial, LIMIT, 5)
    assert path.read_bytes() == b"".join(parts)


async def test_chunks_in_one_buffer_that_is_used_again(path: Path) -> None:
    sizes = [10, 200_000, 70_000, 70_000, 1, 300_000, 0, 5]
    buffer, sent = bytearray(300_000), bytearray()

    async def body() -> AsyncIterator[bytes | memoryview]:
        for number, size in enumerate(sizes):
            buffer[:size] = bytes([number]) * size
            sent.extend(buffer[:size])
            yield memoryview(buffer)[:size]

    with PartialFile.open(path, create=True) as partial:
        await receive(body(), partial, LIMIT, 5)
    assert path.read_bytes() == sent


async def test_what_came_before_a_cut_is_kept(path: Path) -> None:
    with PartialFile.open(path, create=True) as partial:
        assert await code_of(chunks(b"abc", then=ClientDisconnect()), partial) == "request_incomplete"
    assert path.read_bytes() == b"abc"


async def test_what_came_before_silence_is_kept(path: Path) -> None:
    with PartialFile.open(path, create=True) as partial:
        assert await code_of(chunks(b"abc", silent_s=5), partial, idle_s=0.05) == "request_incomplete"
    assert path.read_bytes() == b"abc"


def slow_appends(monkeypatch: pytest.MonkeyPatch, seconds: float) -> list[int]:
    """A disk that takes its time; returns the threads that were written in, filled as it goes."""
    append, threads = PartialFile.append, list[int]()

    def slowly(self: PartialFile, batch: Sequence[bytes]) -> None:
        threads.append(threading.get_ident())
        time.sleep(seconds)
        append(self, batch)

    monkeypatch.setattr(PartialFile, "append", slowly)
    return threads


async def test_a_slow_disk_is_not_a_silent_client(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_appends(monkeypatch, 1)
    with PartialFile.open(path, create=True) as partial:
        await receive(chunks(b"x" * 1_100_000, b"y"), partial, LIMIT, 0.5)
    assert path.stat().st_size == 1_100_001


async def test_a_slow_disk_is_written_to_in_a_thread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = slow_appends(monkeypatch, 0.05)
    with PartialFile.open(path, create=True) as partial:
        await receive(chunks(*[b"x" * 300_000] * 10), partial, LIMIT, 5)
    assert path.read_bytes() == b"x" * 3_000_000
    assert threads[0] == threading.get_ident() and threading.get_ident() not in threads[1:]
    assert len(threads) == 4, "1 MiB at a time, once it is slow"


async def test_a_long_request_is_synced_on_the_way(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(PartialFile, "sync", lambda self: synced.append(self.size))
    monkeypatch.setattr(receiving, "UNSYNCED_BYTES", 1_000_000)
    with PartialFile.open(path, create=True) as partial:
        await receive(chunks(*[b"x" * 300_000] * 7), partial, LIMIT, 5)
    assert synced == [1_200_000, 2_100_000]


async def test_the_limit_is_never_passed(path: Path) -> None:
    with PartialFile.open(path, create=True) as partial:
        body = chunks(b"x" * 60, b"x" * 60)
        assert await code_of(body, partial, Limit(100, TooLarge)) == "too_large"
    assert path.stat().st_size <= 100


async def test_everything_is_synced_before_it_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(PartialFile, "sync", lambda self: synced.append(self.size))
    with PartialFile.open(path, create=True) as partial:
        await receive(chunks(b"abc"), partial, LIMIT, 5)
        await code_of(chunks(b"de", then=ClientDisconnect()), partial)
    assert synced == [3, 5]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk_keeps_what_fits(path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    write = os.writev

    def nearly_full(descriptor: int, views: Sequence[memoryview]) -> int:
        if os.fstat(descriptor).st_size >= 1_000_000:
            raise OSError(number, "full")
        return write(descriptor, [views[0][:700_000]])

    monkeypatch.setattr(os, "writev", nearly_full)
    with PartialFile.open(path, create=True) as partial:
        body = chunks(b"a" * 800_000, b"b" * 800_000)
        assert await code_of(body, partial) == "disk_full"
        assert partial.size == path.stat().st_size
    assert path.read_bytes() == (b"a" * 800_000 + b"b" * 800_000)[: path.stat().st_size]


async def test_another_error_of_the_disk_is_not_hidden(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "writev", broken)
    with PartialFile.open(path, create=True) as partial, pytest.raises(OSError, match="broken"):
        await receive(chunks(b"a"), partial, LIMIT, 5)


async def test_an_upload_removed_meanwhile_ends_its_request(path: Path) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x" * 1_100_000
        path.unlink()
        yield b"x" * 1_100_000
        raise AssertionError("went on reading")

    with PartialFile.open(path, create=True) as partial:
        assert await code_of(body(), partial) == "upload_gone"


def test_one_writer_at_a_time(path: Path) -> None:
    with PartialFile.open(path, create=True):
        with pytest.raises(Refusal) as refused:
            PartialFile.open(path)
        assert refused.value.status == 423
    PartialFile.open(path).close()


def test_a_file_removed_while_waiting_is_not_written_to(path: Path) -> None:
    first = PartialFile.open(path, create=True)
    path.unlink()
    second = PartialFile.open(path, create=True)
    assert first.removed and not second.removed
    first.close()
    second.close()


def test_a_missing_file_is_missing(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PartialFile.open(path)


def test_partial_writes_are_completed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.writev
    monkeypatch.setattr(os, "writev", lambda descriptor, views: write(descriptor, [views[0][:3]]))
    with PartialFile.open(path, create=True) as partial:
        partial.append([b"abcdefgh", b"", b"ij"])
        assert partial.size == 10
    assert path.read_bytes() == b"abcdefghij"


async def test_a_cancelled_request_writes_nothing_after_its_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append, begun, closed, ended = PartialFile.append, threading.Event(), threading.Event(), threading.Event()

    def stalled(self: PartialFile, batch: Sequence[bytes]) -> None:
        if threading.current_thread() is threading.main_thread():
            time.sleep(0.05)  # slow: the next one goes to a thread
            append(self, batch)
            return
        begun.set()
        closed.wait(60)
        append(self, batch)
        ended.set()

    monkeypatch.setattr(PartialFile, "append", stalled)
    partial = PartialFile.open(path, create=True)
    body = chunks(b"x" * 200_000, b"y" * 1_100_000, b"z")
    running = asyncio.create_task(receive(body, partial, LIMIT, 5))
    while not begun.is_set():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    partial.close()
    closed.set()
    assert await asyncio.to_thread(ended.wait, 60)
    assert path.read_bytes() == b"x" * 200_000  # closed before the thread came to it
