"""Runs the sandbox on a file and reads its facts, however the process ends."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.admission.facts import CODECS, Facts, FileLimits, Video, check_family, decide, read_facts
from ingest.admission.sniff import HEAD_BYTES, container_name, sniff, what_it_is
from ingest.refusals import ProbeFailed, ProbeTimeout
from sandbox.reaping import reap

MAX_OUTPUT = 64 * 1024


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """How the sandbox is run: `wall_s` until it is killed, `memory_mb` of address space, `prefix` of its command.

    `entries`: the longest index that FFmpeg may build, about 40 bytes of memory each.
    """

    wall_s: float
    memory_mb: int
    prefix: tuple[str, ...] = ()
    entries: int = 12_000_000


async def admit(path: Path, limits: FileLimits, options: ProbeOptions) -> Video:
    """The admitted video. Raises a FileRefusal."""
    size, head = await asyncio.to_thread(_read_head, path)
    family = sniff(head)
    check_family(size, family, what_it_is(head))
    facts = await examine(path, options)
    return decide(facts, container_name(head, family), limits)


async def examine(path: Path, options: ProbeOptions) -> Facts:
    """Facts found by the sandbox. Raises ProbeTimeout, ProbeFailed."""
    status, output = await _run(_command(path, options), options.wall_s)
    if status in (-signal.SIGALRM, -signal.SIGXCPU, None):
        raise ProbeTimeout
    if status == -signal.SIGSYS:  # most likely the file has taken the child over
        raise ProbeFailed("Opening it ended in a forbidden system call.")
    if status != 0:
        raise ProbeFailed
    try:
        return read_facts(output)
    except ValueError:
        raise ProbeFailed from None


def _read_head(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size, file.read(HEAD_BYTES)


def _command(source: Path, options: ProbeOptions) -> list[str]:
    program = [sys.executable, "-I", "-m", "ingest.admission.child"]
    limits = [str(options.memory_mb), str(options.wall_s), str(options.entries), str(os.getpid())]
    return [*options.prefix, *program, str(source.absolute()), ",".join(sorted(CODECS)), *limits]


async def _run(command: Sequence[str], wall_s: float) -> tuple[int | None, bytes]:
    """Exit status (None: killed after `wall_s`) and what it printed. Raises ProbeFailed past MAX_OUTPUT."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(wall_s):
            output = await _read_output(process.stdout) if process.stdout else b""
            return await process.wait(), output
    except TimeoutError:
        return None, b""
    finally:
        await reap(process)


async def _read_output(stdout: asyncio.StreamReader) -> bytes:
    """To its end, however many pieces it comes in. Raises ProbeFailed past MAX_OUTPUT: the facts are far shorter."""
    try:
        await stdout.readexactly(MAX_OUTPUT + 1)
    except asyncio.IncompleteReadError as ended:
        return ended.partial
    raise ProbeFailed
