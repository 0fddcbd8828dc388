"""Decoding uploads takes what processor time is left: brokers, the API and live tables come first."""

import os
import time

NICENESS = 10
"""Alone on the machine it loses nothing."""
AUTOGROUP = "/proc/self/autogroup"
"""Where Linux shares processors between sessions (sched(7)), and a decoder is one, niceness counts within it only: the
session has a niceness of its own, written here. An unprivileged write may be put off for a tenth of a second."""


def lower_priority() -> None:
    """Of the process, and of its session where this machine has autogroups."""
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
