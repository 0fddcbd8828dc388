"""Runs the examining child process and takes its answer, whatever it does."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.admission.facts import CODECS, Facts, Limits, Video, decide, read_facts, refused_by_sniffing
from ingest.admission.sniff import HEAD_BYTES, container_name, sniff
from ingest.refusals import Refused

MAX_ANSWER = 64 * 1024
NO_NETWORK = ("unshare", "--user", "--map-root-user", "--net", "--")


@dataclass(frozen=True, slots=True)
class Child:
    """How the child is run: `wall_s` until it is killed, `memory_mb` of address space, `prefix` (see no_network).

    `entries`: the longest index that FFmpeg may be given to make, about 40 bytes of memory each.
    """

    wall_s: float
    memory_mb: int
    prefix: tuple[str, ...] = ()
    entries: int = 12_000_000


async def no_network() -> tuple[str, ...]:
    """Command prefix that takes the network away from the child, or nothing where namespaces are not allowed."""
    if shutil.which("unshare") is None:
        return ()
    trial = await asyncio.create_subprocess_exec(
        *NO_NETWORK, "true", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return NO_NETWORK if await trial.wait() == 0 else ()


async def admit(path: Path, limits: Limits, child: Child) -> Video:
    """The video that the file is. Raises Refused with one of the final refusals."""
    size, head = await asyncio.to_thread(_look, path)
    family = sniff(head)
    if (code := refused_by_sniffing(size, family)) is not None:
        raise Refused(code)
    facts = await examine(path, child)
    return decide(facts, container_name(head, family), limits)


async def examine(path: Path, child: Child) -> Facts:
    """Facts found by the child. Raises Refused: probe_timeout, probe_failed."""
    with tempfile.TemporaryDirectory(prefix="probe-") as folder:
        source = Path(folder) / "source.bin"  # a name of our own: FFmpeg goes by names too
        source.symlink_to(await asyncio.to_thread(path.absolute))
        status, answer = await _run(_command(source, child), child.wall_s)
    if status in (-signal.SIGALRM, -signal.SIGXCPU, None):
        raise Refused("probe_timeout")
    if status != 0:
        raise Refused("probe_failed")
    try:
        return read_facts(answer)
    except ValueError:
        raise Refused("probe_failed") from None


def _look(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size, file.read(HEAD_BYTES)


def _command(source: Path, child: Child) -> list[str]:
    program = [sys.executable, "-I", "-m", "ingest.admission.child"]
    limits = [str(child.memory_mb), str(child.wall_s), str(child.entries)]
    return [*child.prefix, *program, str(source), ",".join(sorted(CODECS)), *limits]


async def _run(command: Sequence[str], wall_s: float) -> tuple[int | None, bytes]:
    """Exit status (None: killed for its time) and what it printed."""
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
            answer = await process.stdout.read(MAX_ANSWER) if process.stdout else b""
            return await process.wait(), answer
    except TimeoutError:
        return None, b""
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
