"""Landlock: the process may open, list, make and change nothing in the filesystem, and reach nobody outside itself.

No rule allows a file: those that it needs are open already. Sources: landlock(7), linux/landlock.h.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""On both architectures."""
VERSION = 1
FILES_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights to files there are from this version of the interface on; a kernel refuses those it does not know."""
TCP = 0b11  # bind, connect; from version 4
RULE_NET_PORT, CONNECT_TCP = 2, 0b10
SCOPES = 0b11  # abstract Unix sockets, signals; from version 6
NOT_THERE = (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)
"""Not built in, not enabled at boot, or refused by an older container engine's filter."""


def supported_abi(libc: ctypes.CDLL) -> int:
    """The version of the interface; 0 where there is none. Raises OSError for what was not expected."""
    abi: int = libc.syscall(ctypes.c_long(CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(VERSION))
    if abi >= 0:
        return abi
    if ctypes.get_errno() in NOT_THERE:
        return 0
    raise OSError(ctypes.get_errno(), "Landlock's version cannot be read")


def ruleset(abi: int) -> bytes:
    """All rights that this version knows, as struct landlock_ruleset_attr."""
    files = (1 << FILES_BY_ABI[min(abi, max(FILES_BY_ABI))]) - 1
    words = [files]
    if abi >= 4:
        words.append(TCP)
    if abi >= 6:
        words.append(SCOPES)
    return struct.pack(f"={len(words)}Q", *words)


def restrict(libc: ctypes.CDLL, ports: Sequence[int] = ()) -> int:
    """Give all of them up, for this thread and those that it starts, but TCP connections to `ports`.

    The version used, 0 for none. Raises OSError.
    """
    abi = supported_abi(libc)
    if abi == 0:
        return 0
    rights = ruleset(abi)
    given = ctypes.create_string_buffer(rights, len(rights))
    created = libc.syscall(ctypes.c_long(CREATE_RULESET), given, ctypes.c_size_t(len(rights)), ctypes.c_uint(0))
    if created < 0:
        raise OSError(ctypes.get_errno(), "Landlock takes no ruleset")
    try:
        for port in ports if abi >= 4 else ():
            _allow_port(libc, created, port)
        if libc.syscall(ctypes.c_long(RESTRICT_SELF), ctypes.c_int(created), ctypes.c_uint(0)) != 0:
            raise OSError(ctypes.get_errno(), "Landlock does not restrict")
    finally:
        os.close(created)
    return abi


def _allow_port(libc: ctypes.CDLL, created: int, port: int) -> None:
    rule = struct.pack("=QQ", CONNECT_TCP, port)  # struct landlock_net_port_attr
    given = ctypes.create_string_buffer(rule, len(rule))
    arguments = (ctypes.c_int(created), ctypes.c_int(RULE_NET_PORT), given, ctypes.c_uint(0))
    if libc.syscall(ctypes.c_long(ADD_RULE), *arguments) != 0:
        raise OSError(ctypes.get_errno(), f"Landlock does not allow port {port}")
