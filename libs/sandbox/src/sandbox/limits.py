"""Limits that a process puts on itself before it opens anything untrusted."""

import ctypes
import os
import resource
import signal

PR_SET_PDEATHSIG = 1
DESCRIPTORS = 64


def limit_resources(memory_bytes: int, cpu_s: int | None = None) -> None:
    """No file may be written, no more address space than given, few descriptors, no core, and processor seconds."""
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: DESCRIPTORS,
        resource.RLIMIT_CORE: 0,
    }
    if cpu_s is not None:
        limits[resource.RLIMIT_CPU] = cpu_s
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def die_with_parent(parent: int) -> None:
    """A parent that was killed cannot stop its children: ask the kernel to. It may be gone already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)
