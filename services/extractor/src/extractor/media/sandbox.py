"""Limits that a child puts on itself before it opens anything untrusted."""

import ctypes
import os
import resource
import signal

PR_SET_PDEATHSIG = 1
NICENESS = 10
"""Decoding uploads takes what processor time is left: brokers, the API and live tables come first. Alone on the
machine it loses nothing."""


def confine(memory_bytes: int, parent: int) -> None:
    """No file may be written, no more memory than given, few descriptors, no core, and an end when the parent ends.
    Whatever is not decoding goes first.

    The network is taken away by the parent, which starts the child in an empty network namespace where that works.
    """
    die_with(parent)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def die_with(parent: int) -> None:
    """A parent that was killed cannot stop its children: ask the kernel to. It may be gone already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)


def allow_cpu(seconds: int) -> None:
    """Processor time for the next request, on top of what was used; past it the kernel ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = int(usage.ru_utime + usage.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))
