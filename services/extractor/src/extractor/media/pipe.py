"""The child's end of the pipe to its parent: messages go to what was standard output."""

import contextlib
import fcntl
import io
import os

from extractor.protocol import PIPE_BYTES


def take_standard_output() -> io.FileIO:
    """Where messages go; what libraries print goes to standard error from now on."""
    messages = io.FileIO(os.dup(1), "wb")
    os.dup2(2, 1)
    with contextlib.suppress(OSError):  # no pipe, or the user's limit on pipe memory is reached: then it stays small
        fcntl.fcntl(messages, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return messages
