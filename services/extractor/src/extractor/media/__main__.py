"""The child: limits first, then one request after another from standard input, all about one file."""

import contextlib
import fcntl
import os
import sys

from extractor.files.wire import PIPE_BYTES
from extractor.media.sandbox import confine


def main() -> None:
    """Arguments: memory limit in bytes, process id of the parent. What libraries print goes to standard error."""
    wire = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    with contextlib.suppress(OSError):  # no pipe, or the user's allowance is used up: then it stays small
        fcntl.fcntl(wire, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    confine(int(sys.argv[1]), int(sys.argv[2]))
    from extractor.media.serve import serve  # imports the decoders, which belongs inside the limits

    serve(sys.stdin.buffer, wire)


if __name__ == "__main__":
    main()
