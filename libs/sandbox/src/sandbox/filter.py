"""The system calls that a locked-down process may make, and the filter program (classic BPF) that holds it to them.

Pure. Allowed is a list; everything else is refused. A refused call fails with EPERM, so that a library which tries one
goes on without it; a call that no media library makes and attacks like ends the process (SIGSYS), as its parent sees.
Sources: seccomp(2), linux/filter.h, linux/seccomp.h.
"""

import errno
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sandbox.syscalls import LAST, NUMBERS

Architecture = Literal["x86_64", "aarch64"]

AUDIT_ARCH: Mapping[Architecture, int] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000
"""Bit of the numbers of x86-64's third set of calls (x32): the same calls past every comparison."""

ALLOW, KILL_PROCESS, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
REFUSED, UNKNOWN = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS

ALLOWED = (
    # bytes of what is open already
    *("read", "write", "readv", "writev", "pread64", "pwrite64", "lseek", "poll", "ppoll"),
    *("close", "dup", "dup2", "dup3", "fstat"),
    # memory, threads, time
    *("munmap", "mremap", "madvise", "brk", "membarrier"),
    *("futex", "sched_yield", "sched_getaffinity", "getcpu", "set_robust_list", "rseq", "sigaltstack"),
    *("exit", "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "restart_syscall"),
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times"),
    # about itself and the machine
    *("getrusage", "getrlimit", "getrandom", "sysinfo", "uname"),
    *("getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid"),
)
NETWORK = ("connect", "sendto", "recvfrom", "sendmsg", "recvmsg", "shutdown", "getsockname", "getpeername")
NETWORK_OPTIONS = ("setsockopt", "getsockopt")
RECEIVING = ("recvmsg",)
"""For descriptors that the parent sends over a socket that is open already; a message can be received, none sent."""
ABSENT = ("clone3", "futex_waitv")
"""Answered as by a kernel that does not have them: glibc then falls back to calls whose arguments a filter can read."""
DEADLY = (
    *("execve", "execveat", "ptrace", "kcmp", "pidfd_getfd"),
    *("process_vm_readv", "process_vm_writev", "process_madvise"),
    *("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("mount", "umount2", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "pivot_root"),
    *("chroot", "unshare", "setns", "seccomp", "personality", "modify_ldt", "iopl", "ioperm"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("add_key", "request_key", "keyctl", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "syslog"),
    *("settimeofday", "clock_settime", "adjtimex", "clock_adjtime"),
)

THREAD_FLAGS = 0x003D0F00
"""What glibc and musl start a thread with: all shared with its process, and no namespace of its own."""
CLONE_DETACHED = 0x00400000
"""Without effect; musl sets it."""
PROT_EXEC = 4
AT_EMPTY_PATH = 0x1000
PR_SET_NAME = 15
DUPLICATING = (0, 1, 2, 3, 1030)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC. Not F_SETOWN and F_SETSIG: they signal other processes."""
F_SETFL = 4
"""Who opens connections makes them non-blocking."""
AF_INET, AF_INET6 = 2, 10
SOCK_STREAM, SOCK_TYPE = 1, 0xF
"""TCP alone; the other bits of the type are flags."""


@dataclass(frozen=True, slots=True)
class Word:
    """A condition on the lower (or upper) 32 bits of an argument: `(word & mask) == equals`.

    Of an argument that is an int or a set of flags the kernel reads the lower half only.
    """

    argument: int
    equals: int
    mask: int = 0xFFFFFFFF
    upper: bool = False


Conditions = tuple[Word, ...]
Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, constant."""

LOAD, AND, JUMP_EQUAL, JUMP_GREATER, RETURN = 0x20, 0x54, 0x15, 0x25, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16
"""Offsets in struct seccomp_data, bytes."""


def conditional(process: int, network: bool) -> Mapping[str, tuple[Conditions, ...]]:
    """Calls that are allowed when all conditions of one of their alternatives hold. `process`: the own id."""
    allowed: dict[str, tuple[Conditions, ...]] = {
        "mmap": ((Word(2, 0, PROT_EXEC),),),
        "mprotect": ((Word(2, 0, PROT_EXEC),),),
        "clone": ((Word(0, THREAD_FLAGS, 0xFFFFFFFF & ~CLONE_DETACHED),),),
        "newfstatat": ((Word(3, AT_EMPTY_PATH, AT_EMPTY_PATH),),),
        "fcntl": tuple((Word(1, command),) for command in DUPLICATING),
        "prctl": ((Word(0, PR_SET_NAME),),),
        "prlimit64": ((Word(0, 0), Word(2, 0), Word(2, 0, upper=True)),),
        "tgkill": ((Word(0, process),),),
    }
    if network:
        stream = Word(1, SOCK_STREAM, SOCK_TYPE)
        allowed["socket"] = ((Word(0, AF_INET), stream), (Word(0, AF_INET6), stream))
        allowed["fcntl"] = (*allowed["fcntl"], (Word(1, F_SETFL),))
    return allowed


def program(
    architecture: Architecture, process: int, network: bool = False, receives: bool = False
) -> list[Instruction]:
    """The filter of the process with that id. `network`: it may open TCP connections (never listen). `receives`: it may
    take messages, and descriptors with them, from a socket that it has."""
    column = 0 if architecture == "x86_64" else 1
    plain = ALLOWED + (NETWORK + NETWORK_OPTIONS if network else RECEIVING if receives else ())
    conditions = {NUMBERS[name][column]: either for name, either in conditional(process, network).items()}
    return [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, AUDIT_ARCH[architecture]),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER_AT),
        *(_answer(numbers(plain, column), ALLOW)),
        *(each for number, either in conditions.items() if number is not None for each in _checked(number, either)),
        *(_answer(numbers(ABSENT, column), UNKNOWN)),
        *(_answer(numbers(DEADLY, column), KILL_PROCESS)),
        (JUMP_GREATER, 0, 1, X32 - 1),
        (RETURN, 0, 0, KILL_PROCESS),
        (JUMP_GREATER, 0, 1, LAST),
        (RETURN, 0, 0, UNKNOWN),
        (RETURN, 0, 0, REFUSED),
    ]


def packed(instructions: Iterable[Instruction]) -> bytes:
    """As an array of struct sock_filter."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def numbers(names: Iterable[str], column: int) -> list[int]:
    """Those that the architecture has."""
    return [number for name in names if (number := NUMBERS[name][column]) is not None]


def _answer(called: Iterable[int], action: int) -> list[Instruction]:
    return [each for number in called for each in ((JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, action))]


def _checked(number: int, either: tuple[Conditions, ...]) -> list[Instruction]:
    """The call's number is loaded when it begins, and again only where it was another's: each end returns."""
    block = [each for conditions in either for each in _alternative(conditions)] + [(RETURN, 0, 0, REFUSED)]
    return [(JUMP_EQUAL, 0, len(block), number), *block]


def _alternative(conditions: Conditions) -> list[Instruction]:
    instructions: list[Instruction] = [(RETURN, 0, 0, ALLOW)]
    for word in reversed(conditions):
        at = ARGUMENTS_AT + 8 * word.argument + 4 * word.upper
        instructions = [
            (LOAD, 0, 0, at),
            (AND, 0, 0, word.mask),
            (JUMP_EQUAL, 0, len(instructions), word.equals),
            *instructions,
        ]
    return instructions
