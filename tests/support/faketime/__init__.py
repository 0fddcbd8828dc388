"""Debian's libfaketime: another time of day for every process that loads it, the monotonic clock untouched."""

from pathlib import Path

PATCHES = Path(__file__).parent / "python"  # for PYTHONPATH
LIBRARIES = ("usr/lib/*/faketime/libfaketimeMT.so.1", "usr/lib/faketime/libfaketimeMT.so.1")


def library() -> Path | None:
    """Where it is installed (`apt install faketime`)."""
    return next((path for pattern in LIBRARIES for path in Path("/").glob(pattern)), None)


def preloaded(fake: Path) -> dict[str, str]:
    """Environment of all processes. Java is left alone: it becomes many times slower with the library."""
    return {"LD_PRELOAD": str(fake), "FAKETIME_SKIP_CMDS": "java", "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
