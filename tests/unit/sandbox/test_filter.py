"""The filter of system calls for both architectures, run by a small interpreter of classic BPF (seccomp(2))."""

import errno
import struct
from itertools import pairwise
from typing import get_args

import pytest

from sandbox import filter as calls
from sandbox.filter import ALLOW, KILL_PROCESS, REFUSED, UNKNOWN, Architecture
from sandbox.syscalls import NUMBERS

PROCESS = 4711
ARCHITECTURES = get_args(Architecture)
OTHER_ARCHITECTURES = {"i386": 0x40000003, "arm": 0x40000028, "riscv64": 0xC00000F3}
THREAD = 0x003D0F00


def number(architecture: Architecture, name: str) -> int:
    found = NUMBERS[name][0 if architecture == "x86_64" else 1]
    assert found is not None
    return found


def answer(architecture: Architecture, called: int | str, *arguments: int, network: bool = False) -> int:
    """What the filter returns for a call."""
    wanted = number(architecture, called) if isinstance(called, str) else called
    return run(architecture, calls.AUDIT_ARCH[architecture], wanted, arguments, network)


def run(architecture: Architecture, audit: int, called: int, arguments: tuple[int, ...], network: bool = False) -> int:
    padded = [argument & 0xFFFFFFFFFFFFFFFF for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    data = struct.pack("=IIQ6Q", called, audit, 0, *padded)
    program = calls.program(architecture, PROCESS, network)
    accumulator, at = 0, 0
    while True:
        code, true, false, constant = program[at]
        at += 1
        if code == calls.RETURN:
            return constant
        if code == calls.LOAD:
            accumulator = struct.unpack_from("=I", data, constant)[0]
        elif code == calls.AND:
            accumulator &= constant
        else:
            holds = accumulator == constant if code == calls.JUMP_EQUAL else accumulator > constant
            at += true if holds else false


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_jump_fits_into_its_byte_and_every_path_returns(architecture: Architecture) -> None:
    program = calls.program(architecture, PROCESS, network=True)
    assert len(calls.packed(program)) == 8 * len(program)
    assert len(program) <= 4096
    for at, (code, true, false, _) in enumerate(program):
        if code in (calls.JUMP_EQUAL, calls.JUMP_GREATER):
            assert at + 1 + max(true, false) < len(program)
            assert max(true, false) <= 255
    assert program[-1][0] == calls.RETURN


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_on_no_list_is_refused(architecture: Architecture) -> None:
    column = 0 if architecture == "x86_64" else 1
    listed = {*calls.numbers(NUMBERS, column)}
    for called in set(range(calls.LAST + 1)) - listed:
        assert answer(architecture, called) == REFUSED


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_list_gets_its_answer(architecture: Architecture) -> None:
    column = 0 if architecture == "x86_64" else 1
    for names, expected in ((calls.ALLOWED, ALLOW), (calls.ABSENT, UNKNOWN), (calls.DEADLY, KILL_PROCESS)):
        for called in calls.numbers(names, column):
            assert answer(architecture, called) == expected
    assert UNKNOWN & 0xFFFF == errno.ENOSYS
    assert REFUSED & 0xFFFF == errno.EPERM


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("called", [0, 59, 221, 0x40000000])
def test_another_set_of_calls_ends_the_process(architecture: Architecture, called: int) -> None:
    """Numbers mean something else there: 32-bit programs' calls, and those of the other architecture."""
    for audit in {*OTHER_ARCHITECTURES.values(), *calls.AUDIT_ARCH.values()} - {calls.AUDIT_ARCH[architecture]}:
        assert run(architecture, audit, called, ()) == KILL_PROCESS


@pytest.mark.parametrize("called", [0, 1, 59, 0x1FF, 0x3FFFFFFF])
def test_the_numbers_of_x32_end_the_process(called: int) -> None:
    assert answer("x86_64", calls.X32 | called) == KILL_PROCESS


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_call_newer_than_the_list_is_unknown_so_that_libraries_fall_back(architecture: Architecture) -> None:
    for called in (calls.LAST + 1, 500, calls.X32 - 1):
        assert answer(architecture, called) == UNKNOWN


HIGH = 1 << 32


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("name", "arguments", "allowed"),
    [
        ("mmap", (0, 4096, 3), True),
        ("mmap", (0, 4096, 7), False),
        ("mprotect", (0, 4096, 1), True),
        ("mprotect", (0, 4096, 5), False),
        ("clone", (THREAD,), True),
        ("clone", (THREAD | 0x00400000,), True),
        ("clone", (17,), False),
        ("clone", (0x4111,), False),
        ("clone", (THREAD | 0x10000000,), False),
        ("clone", (THREAD | 0x00001000,), False),
        ("clone", (THREAD | HIGH,), True),
        ("newfstatat", (3, 0, 0, 0x1000), True),
        ("newfstatat", (-100, 0, 0, 0), False),
        ("fcntl", (3, 1030), True),
        ("fcntl", (3, 1030 | HIGH), True),
        ("fcntl", (3, 8), False),
        ("fcntl", (3, 10), False),
        ("fcntl", (3, 4), False),
        ("prctl", (15,), True),
        ("prctl", (1,), False),
        ("prctl", (22,), False),
        ("prlimit64", (0, 7, 0, 1), True),
        ("prlimit64", (0, 7, 1, 1), False),
        ("prlimit64", (0, 7, HIGH, 1), False),
        ("prlimit64", (PROCESS, 7, 0, 1), False),
        ("tgkill", (PROCESS, PROCESS, 6), True),
        ("tgkill", (1, 1, 9), False),
        ("socket", (2, 1), False),
    ],
)
def test_arguments_decide(architecture: Architecture, name: str, arguments: tuple[int, ...], allowed: bool) -> None:
    """The kernel reads the lower half of a flag or an int, and all of a pointer."""
    assert answer(architecture, name, *arguments) == (ALLOW if allowed else REFUSED)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_with_the_network_it_may_connect_by_ip_and_nothing_else(architecture: Architecture) -> None:
    for family, expected in ((2, ALLOW), (10, ALLOW), (1, REFUSED), (16, REFUSED), (17, REFUSED)):
        assert answer(architecture, "socket", family, 1 | 0o2004000, network=True) == expected
    for kind in (2, 3, 5):  # UDP, raw, SCTP
        assert answer(architecture, "socket", 2, kind, network=True) == REFUSED
    assert answer(architecture, "fcntl", 3, 4, network=True) == ALLOW
    assert answer(architecture, "fcntl", 3, 4) == REFUSED
    for name in (*calls.NETWORK, *calls.NETWORK_OPTIONS):
        assert answer(architecture, name, network=True) == ALLOW
        assert answer(architecture, name) == REFUSED
    bind, listen = (49, 50) if architecture == "x86_64" else (200, 201)
    for called in (bind, listen):
        assert answer(architecture, called, network=True) == REFUSED
    for name in calls.DEADLY:
        if NUMBERS[name][0 if architecture == "x86_64" else 1] is not None:
            assert answer(architecture, name, network=True) == KILL_PROCESS


def test_no_number_stands_twice() -> None:
    for column in (0, 1):
        found = calls.numbers(NUMBERS, column)
        assert len(found) == len(set(found))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_who_may_receive_files_can_neither_send_nor_connect(architecture: Architecture) -> None:
    filtered = calls.program(architecture, PROCESS, receives=True)
    allowed = {each[3] for each, then in pairwise(filtered) if then == (calls.RETURN, 0, 0, ALLOW)}
    assert number(architecture, "recvmsg") in allowed
    others = ("socket", "connect", "sendmsg", "sendto", "recvfrom", "setsockopt")
    assert allowed.isdisjoint(number(architecture, each) for each in others)
