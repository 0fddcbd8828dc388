"""Runs a command that the kernel signals when its parent dies, however the parent dies.

usage: tether.py PARENT_PID SIGNAL COMMAND...

It is a program of its own (standard library only, run with ``python -IS``) because the parent-death signal is cleared
when a process enters a user namespace or changes its user: so it is set after that, directly
before the command starts.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Set the parent-death signal, check that the parent still lives, and exec the command."""
    parent, number, command = int(argv[0]), int(argv[1]), argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
