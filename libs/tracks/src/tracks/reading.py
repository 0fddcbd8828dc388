"""Reads the packets of a container in which tracks may appear later."""

from collections.abc import Iterator
from typing import Any


def read_packets(container: Any, *streams: Any) -> Iterator[Any]:
    """Packets of these streams, then an empty one of each. Raises av.FFmpegError.

    PyAV 18.1 makes its list of wanted streams when `demux` begins, and goes through all that there are at the end. A
    transport stream in which a track appeared in between makes that an IndexError, behind everything that was wanted.
    """
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, IndexError):
            return
        yield packet
