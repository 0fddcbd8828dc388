"""What a file is answered, and the largest memory of the process that examined it: run in a process of its own."""

import asyncio
import resource
from pathlib import Path

from ingest.admission.facts import FileLimits
from ingest.admission.probe import ProbeOptions, admit
from ingest.refusals import Refusal

LIMITS = FileLimits(8192 * 4320, 90_000_000, 32)


def admitted(path: Path, seconds: float, memory_mb: int) -> tuple[str | None, int]:
    """The code of the refusal, None if it is admitted; MB at the peak of any child of this process."""
    try:
        asyncio.run(admit(path, LIMITS, ProbeOptions(seconds, memory_mb)))
        code = None
    except Refusal as refused:
        code = refused.code
    return code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
