"""The decoder process: limits first, then one request after another from standard input, all about one file.

It is locked down when that file is open, before anything of it is read (`extractor.media.requests.OpenFile`).

usage: python -m extractor.media MEMORY_BYTES PARENT_PID
"""

import sys

from extractor.media.pipe import take_standard_output
from extractor.media.priority import lower_priority
from sandbox import die_with_parent, limit_resources


def main() -> None:
    """Limits before the decoders are imported."""
    messages = take_standard_output()
    die_with_parent(int(sys.argv[2]))
    lower_priority()
    limit_resources(int(sys.argv[1]))
    from extractor.media.serve import serve  # imports the decoders, which belongs inside the limits

    serve(sys.stdin.buffer, messages)


if __name__ == "__main__":
    main()
