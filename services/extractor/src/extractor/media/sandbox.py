"""Limits that a child puts on itself before it opens anything untrusted."""

import ctypes
import os
import resource
import signal
import time

PR_SET_PDEATHSIG = 1
NICENESS = 10
"""Decoding uploads takes what processor time is left: brokers, the API and live tables come first. Alone on the
machine it loses nothing."""
AUTOGROUP = "/proc/self/autogroup"
"""Where Linux shares processors between sessions (sched(7)), and a decoder is one, niceness counts within it only: the
session has a niceness of its own, written here. An unprivileged write may be put off for a tenth of a second."""


def confine(memory_bytes: int, parent: int) -> None:
    """No file may be written, no more memory than given, few descriptors, no core, and an end when the parent ends.
    Whatever is not decoding goes first.

    The network is taken away by the parent, which starts the child in an empty network namespace where that works.
    """
    die_with(parent)
    go_last()
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def go_last() -> None:
    """Behind everybody else who wants a processor, as far as this machine lets us say so."""
    os.nice(NICENESS)
    for _ in range(3):
        try:
            descriptor = os.open(AUTOGROUP, os.O_WRONLY)
            try:
                os.write(descriptor, b"%d" % NICENESS)
            finally:
                os.close(descriptor)
        except BlockingIOError:
            time.sleep(0.15)
        except OSError:  # no such file, or sessions are not groups here
            return
        else:
            return


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
