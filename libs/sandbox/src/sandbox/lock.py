"""Locking a process down: from then on it computes, reads and writes what is open already, and can do nothing else."""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence
from typing import cast

from sandbox import filter as calls
from sandbox import landlock
from sandbox.layers import Layers
from sandbox.syscalls import NUMBERS

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER, TSYNC = 1, 1
CAPABILITY_VERSION = 0x20080522
NO_FILTERS = (errno.ENOSYS, errno.EINVAL)


class NotAlone(RuntimeError):
    """There are other threads; Landlock would not hold for them."""


def lock_down(ports: Sequence[int] = (), *, receives: bool = False) -> Layers:
    """Take away files, network, processes, signals and privileges, for good. The layers that the kernel gave.

    To be called when everything is imported and opened, before the first thread and the first untrusted byte. A kernel
    that lacks a layer gives the others; any other failure raises OSError, and the process must not go on. `ports`: it
    may open TCP connections to these, and to no others where the kernel can tell them apart (Landlock 4, Linux 6.7),
    and still no files (for sources that are reached through a relay of ours). `receives`: its
    parent may hand it files that are open, over a socket that both have.
    """
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208 - names are enough
        raise NotAlone
    libc = ctypes.CDLL(None, use_errno=True)
    _drop_capabilities(libc)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs is refused")
    abi = landlock.restrict(libc, ports)
    return Layers(abi, _filter_calls(libc, bool(ports), receives))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Of root, or of a container that has some: what they allow is not asked of Landlock."""
    header = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    if libc.capset(header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capabilities cannot be dropped")


def _filter_calls(libc: ctypes.CDLL, network: bool, receives: bool = False) -> bool:
    """Whether the kernel took the filter; False where it has none. Raises OSError."""
    machine = platform.machine()
    if machine not in calls.AUDIT_ARCH:
        return False
    architecture = cast(calls.Architecture, machine)
    code = calls.packed(calls.program(architecture, os.getpid(), network, receives))
    instructions = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(instructions))
    number = NUMBERS["seccomp"][0 if architecture == "x86_64" else 1]
    arguments = (ctypes.c_ulong(SECCOMP_SET_MODE_FILTER), ctypes.c_ulong(TSYNC), program)
    if libc.syscall(ctypes.c_long(cast(int, number)), *arguments) == 0:
        return True
    if ctypes.get_errno() in NO_FILTERS:
        return False
    raise OSError(ctypes.get_errno(), "the filter of system calls is refused")
