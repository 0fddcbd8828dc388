"""The end of a child that opens media: nothing that it still writes is kept, however much it is."""

import asyncio
import contextlib
import os
import signal

_PIECE_BYTES = 1 << 16


async def reap(process: asyncio.subprocess.Process) -> None:
    """Kill it and all that it started, at once, and wait for its end; safe to call twice.

    It must lead a session of its own. The signal does not go through Popen, which polls before it signals and would
    take the exit status from asyncio's watcher: that of a child which ended by itself stays what it was.
    """
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await drain_and_wait(process)


async def drain_and_wait(process: asyncio.subprocess.Process) -> None:
    """Until it has ended.

    What is left in its pipe is read first, in pieces that are thrown away: asyncio does not report the end of a process
    before its pipes ended, and a reader that is paused because its buffer is full never sees that
    (python/cpython#119710).
    """
    if process.stdout is not None:
        with contextlib.suppress(ConnectionError):
            while await process.stdout.read(_PIECE_BYTES):
                pass
    await process.wait()
