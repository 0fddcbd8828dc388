"""What hostile code tries once it runs inside a decoder: every attempt by itself, with the error that it got.

It stands in for FFmpeg (`av.open`), so it runs where a broken demuxer would: in the real child, after all that this
does to itself. Standard library only, and all of it imported before; system calls are made by libc or by number. The
file may name one of DEADLY; then that is all it tries.
"""

import ctypes
import errno
import fcntl
import json
import os
import resource
import signal
import socket
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).parent
TARGETS: dict[str, Any] = json.loads((HERE / "targets.json").read_text()) if (HERE / "targets.json").exists() else {}
LIBC = ctypes.CDLL(None, use_errno=True)
PARENT, SELF = os.getppid(), os.getpid()
X86 = os.uname().machine == "x86_64"
DOOR = str(TARGETS.get("folder", ""))
READABLE = ("secrets.json", "run.json", "originals/other-site/source.bin")


class Succeeded(Exception):
    """An attack that was not refused."""


def call(name: str, *arguments: Any) -> int:
    """A function of libc. Raises OSError."""
    result: int = getattr(LIBC, name)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def raw(x86_64: int | None, aarch64: int, *arguments: Any) -> int:
    """A system call by number. Raises OSError."""
    number = x86_64 if X86 and x86_64 is not None else aarch64
    return call("syscall", ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))


def at(name: str) -> bytes:
    return f"{DOOR}/{name}".encode()


def connected(family: int, address: Any) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.connect(address)


def signal_by_descriptor() -> None:
    """The kernel sends a signal to whoever is the owner of a descriptor."""
    fcntl.fcntl(0, fcntl.F_SETOWN, PARENT)


def limit_raised(what: int) -> None:
    most = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most, most))
    resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def cloned(flags: int) -> None:
    if raw(56, 220, flags, 0, 0, 0, 0) == 0:
        os._exit(0)


def cloned_anew() -> None:
    if raw(435, 435, CLONE_ARGS, len(CLONE_ARGS)) == 0:
        os._exit(0)


def system_v(get: tuple[int, int], remove: tuple[int, int], *arguments: int) -> None:
    """What is made with a key of System V is there until it is removed."""
    made = raw(*get, 1234, *arguments)
    raw(*remove, made, *((0,) if len(arguments) == 2 and get == (64, 190) else ()), 0, 0)


def shared_file() -> None:
    os.open("/dev/shm/tablewatch-attack", os.O_RDWR | os.O_CREAT, 0o600)
    os.unlink("/dev/shm/tablewatch-attack")


CLONE_ARGS = ctypes.create_string_buffer(88)
CHILD_SIGNAL = signal.SIGCHLD.value
CLONE_VM, CLONE_THREAD, CLONE_NEWUSER = 0x100, 0x10000, 0x10000000
QUEUED = ctypes.create_string_buffer(struct.pack("=iii", 0, 0, -1), 128)
"""As by sigqueue: a kernel lets nobody pretend to be itself."""
TIMER = ctypes.create_string_buffer(32)
LIMIT = ctypes.create_string_buffer(16)
READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS = 7, 0x22


def executable_memory() -> None:
    LIBC.mmap.restype = ctypes.c_long
    mapped = LIBC.mmap(None, ctypes.c_size_t(4096), READ_WRITE_EXECUTE, PRIVATE_ANONYMOUS, -1, ctypes.c_long(0))
    if mapped == -1:
        raise OSError(ctypes.get_errno(), "mmap")


ATTACKS: dict[str, Callable[[], Any]] = {
    **{f"read {name}": (lambda name=name: os.open(at(name), os.O_RDONLY)) for name in READABLE},
    "read /etc/passwd": lambda: os.open("/etc/passwd", os.O_RDONLY),
    "read by openat2": lambda: raw(437, 437, -100, at("secrets.json"), bytes(24), 24),
    "read the parent's environment": lambda: os.open(f"/proc/{PARENT}/environ", os.O_RDONLY),
    "write the parent's memory": lambda: os.open(f"/proc/{PARENT}/mem", os.O_RDWR),
    "reopen its own file for writing": lambda: os.open(f"/proc/self/fd/{TARGETS['file']}", os.O_RDWR),
    "list a folder": lambda: os.listdir(DOOR or "/"),
    "read a link": lambda: os.readlink("/proc/self/exe"),
    "stat a path": lambda: os.stat(at("secrets.json")),
    "write a new file": lambda: os.open(at("new"), os.O_WRONLY | os.O_CREAT, 0o600),
    "write an old file": lambda: os.open(at("run.json"), os.O_WRONLY),
    "creat": lambda: call("creat", at("new"), 0o600),
    "unlink": lambda: os.unlink(at("run.json")),
    "rmdir": lambda: os.rmdir(at("empty")),
    "mkdir": lambda: os.mkdir(at("made")),
    "mkfifo": lambda: os.mkfifo(at("fifo")),
    "rename": lambda: os.rename(at("originals/other-site/source.bin"), at("stolen")),
    "symlink": lambda: os.symlink("/etc/passwd", at("link")),
    "link": lambda: os.link(at("secrets.json"), at("second-name")),
    "truncate": lambda: os.truncate(at("secrets.json"), 0),
    "chmod": lambda: os.chmod(at("secrets.json"), 0o777),
    "chmod its own file": lambda: os.fchmod(TARGETS["file"], 0o777),
    "chown": lambda: os.chown(at("secrets.json"), os.getuid(), os.getgid()),
    "change times": lambda: os.utime(at("secrets.json"), (0, 0)),
    "set an attribute": lambda: os.setxattr(at("secrets.json"), "user.a", b"b"),
    "chdir": lambda: os.chdir("/tmp"),
    "watch a folder": lambda: call("inotify_init"),
    "fork": lambda: os.fork() or os._exit(0),
    "vfork": lambda: raw(58, 1_000, 0),
    "clone a process": lambda: cloned(CHILD_SIGNAL),
    "clone sharing memory": lambda: cloned(CLONE_VM | CHILD_SIGNAL),
    "clone a thread into a namespace": lambda: cloned(CLONE_NEWUSER | CLONE_THREAD | CLONE_VM),
    "clone3": cloned_anew,
    "TCP": lambda: connected(socket.AF_INET, ("127.0.0.1", TARGETS["port"])),
    "TCP by IPv6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM),
    "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "Unix socket": lambda: connected(socket.AF_UNIX, at("socket")),
    "abstract Unix socket": lambda: connected(socket.AF_UNIX, "\0" + TARGETS["abstract"]),
    "pair of sockets": lambda: socket.socketpair(),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "send a descriptor": lambda: raw(46, 211, 0, bytes(56), 0),
    "signal the parent": lambda: os.kill(PARENT, 0),
    "signal everybody": lambda: os.kill(-1, 0),
    "signal the parent's thread": lambda: raw(234, 131, PARENT, PARENT, 0),
    "signal with a value": lambda: raw(129, 138, PARENT, signal.SIGCHLD.value, QUEUED),
    "signal by a descriptor": signal_by_descriptor,
    "signal by an ioctl": lambda: fcntl.ioctl(0, 0x8901, PARENT.to_bytes(4, sys.byteorder)),
    "open the parent's pidfd": lambda: os.pidfd_open(PARENT),
    "live longer than the parent": lambda: call("prctl", 1, 0, 0, 0, 0),
    "become dumpable": lambda: call("prctl", 4, 1, 0, 0, 0),
    "let a debugger in": lambda: call("prctl", 0x59616D61, ctypes.c_ulong(-1), 0, 0, 0),
    "another filter": lambda: call("prctl", 22, 2, None, 0, 0),
    "keep capabilities": lambda: call("prctl", 8, 1, 0, 0, 0),
    "raise the size of files": lambda: limit_raised(resource.RLIMIT_FSIZE),
    "raise processor time": lambda: resource.setrlimit(resource.RLIMIT_CPU, (99, resource.RLIM_INFINITY)),
    "raise memory": lambda: limit_raised(resource.RLIMIT_AS),
    "raise the limits of the parent": lambda: resource.prlimit(PARENT, resource.RLIMIT_NOFILE, (9, 9)),
    "read the limits of the parent": lambda: resource.prlimit(PARENT, resource.RLIMIT_NOFILE),
    "raise priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
    "lower the parent's priority": lambda: os.setpriority(os.PRIO_PROCESS, PARENT, 19),
    "be scheduled in real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "stop the alarm": lambda: raw(38, 103, 0, TIMER, 0),
    "become root": lambda: os.setuid(0),
    "change group": lambda: os.setgid(0),
    "take capabilities": lambda: raw(126, 91, b"\x22\x05\x08\x20\0\0\0\0", b"\xff" * 24),
    "leave the session": lambda: os.setsid(),
    "shared memory": lambda: system_v((29, 194), (31, 195), 4096, 0o1600),
    "shared memory by a file": shared_file,
    "message queue": lambda: system_v((68, 186), (71, 187), 0o1600),
    "semaphores": lambda: system_v((64, 190), (66, 191), 1, 0o1600),
    "file in memory": lambda: os.memfd_create("payload"),
    "secret memory": lambda: raw(447, 447, 0),
    "executable memory": executable_memory,
    "landlock": lambda: raw(444, 444, 0, 0, 1),
    "a call that this kernel may have": lambda: raw(463, 463, 0, 0, 0, 0),
}

DEADLY: dict[str, Callable[[], Any]] = {
    "execve": lambda: call("execv", b"/bin/true", None),
    "execveat": lambda: raw(322, 281, TARGETS["file"], b"", None, None, 0x1000),
    "ptrace": lambda: raw(101, 117, 16, PARENT, 0, 0),
    "process_vm_readv": lambda: raw(310, 270, PARENT, bytes(16), 1, bytes(16), 1, 0),
    "bpf": lambda: raw(321, 280, 0, bytes(64), 64),
    "io_uring": lambda: raw(425, 425, 8, bytes(120)),
    "userfaultfd": lambda: raw(323, 282, 0),
    "mount": lambda: raw(165, 40, b"none", b"/tmp", b"tmpfs", 0, 0),
    "unshare": lambda: raw(272, 97, CLONE_NEWUSER),
    "seccomp": lambda: raw(317, 277, 0, 0, 0),
    "keyctl": lambda: raw(250, 219, 0, -3, 0),
}
if X86:
    DEADLY["read in the numbers of x32"] = lambda: raw(0x40000000, 0, 0, bytes(1), 0)


def outcome(attack: Callable[[], Any]) -> str:
    """The name of the error, or what came out."""
    try:
        return f"SUCCEEDED: {attack()!r}"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except ValueError as error:  # Python's setrlimit says this of EPERM
        return "EPERM" if "maximum limit" in str(error) else repr(error)


def kind(descriptor: int) -> str:
    mode = os.fstat(descriptor).st_mode
    return stat.filemode(mode)[0]


def open_descriptors() -> dict[int, str]:
    """Each with its kind: p a pipe, s a socket, c a device, - a file."""
    found = {}
    for descriptor in range(64):
        try:
            fcntl.fcntl(descriptor, fcntl.F_GETFD)
        except OSError:
            continue
        found[descriptor] = kind(descriptor)
    return found


def attack(*_: Any, options: dict[str, str], **__: Any) -> NoReturn:
    """In place of `av.open`."""
    TARGETS["file"] = int(options["fd"])
    chosen = os.read(TARGETS["file"], 100).decode()
    if chosen in DEADLY:
        DEADLY[chosen]()
        report({"outlived": chosen})
    report(
        {
            "outcomes": {name: outcome(each) for name, each in ATTACKS.items()},
            "descriptors": open_descriptors(),
            "environment": sorted(os.environ),
            "inode": os.fstat(TARGETS["file"]).st_ino,
            "ids": [os.getuid(), os.geteuid()],
        }
    )


def report(found: dict[str, Any]) -> NoReturn:
    """As the detail of a failure of the extractor's decoder, or as all that ingest's prints."""
    if "extractor.media.requests" in sys.modules:
        sys.modules["extractor.protocol"].MAX_DETAIL = 60_000  # type: ignore[attr-defined]
        raise ValueError(json.dumps(found))
    os.write(1, json.dumps(found).encode())
    os._exit(0)
