"""Whether the last picture before a break of the counter of a transport stream is whole."""

import os
from pathlib import Path

import pytest

from extractor.media.transport import PACKET, breaks, is_whole

PID = 0x100
STUFFED = bytes([10]) + b"\x00" + b"\xff" * 9


def packet(counter: int, adaptation: bytes = b"", pid: int = PID) -> bytes:
    """With a payload of zeros behind the adaptation field, which begins with its length."""
    control = (0x30 if adaptation else 0x10) | counter & 15
    return (bytes([0x47, pid >> 8, pid & 0xFF, control]) + adaptation).ljust(PACKET, b"\0")


@pytest.mark.parametrize(
    ("packets", "whole"),
    [
        ([packet(14), packet(15), packet(0, STUFFED)], True),
        ([packet(14), packet(3, pid=0x101), packet(15), packet(0, STUFFED)], True),
        ([packet(14), packet(0, STUFFED)], False),  # one is missing
        ([packet(14), packet(15), packet(0)], False),  # not known to end here
        ([packet(14), b"\0" * PACKET], False),  # no packet
        ([packet(1, pid=0x101)], False),
        ([packet(1, bytes([255]) + b"\xff" * 9)], False),  # a length that no packet has room for
        ([packet(1, bytes([184]))], False),
        ([], False),
    ],
)
def test_it_is_whole_where_its_packets_are_counted_and_the_last_is_stuffed(
    packets: list[bytes], whole: bool, tmp_path: Path
) -> None:
    path = tmp_path / "x.ts"
    path.write_bytes(b"".join(packets))
    file = os.open(path, os.O_RDONLY)
    try:
        assert is_whole(file, PID, 0, len(packets) * PACKET) is whole
        assert not is_whole(file, PID, None, PACKET)
        assert not is_whole(file, PID, PACKET, 0)
    finally:
        os.close(file)


ANEW = bytes([1]) + b"\x80"


@pytest.mark.parametrize(
    ("packets", "broken"),
    [
        ([packet(14), packet(15), packet(0)], False),
        ([packet(14), packet(3, pid=0x101), packet(15), packet(0)], False),
        ([packet(14), packet(14), packet(15)], False),  # sent twice
        ([packet(14), packet(3, ANEW), packet(4)], False),  # counts anew, and says so
        ([packet(14), packet(0)], True),  # one is missing, in the picture or where the next begins
        ([packet(14), bytes(PACKET), packet(15)], True),
        ([packet(14), b"\x47\x81" + packet(15)[2:], packet(0)], True),  # received badly
    ],
)
def test_pictures_whose_packets_do_not_lead_on_are_damaged(packets: list[bytes], broken: bool, tmp_path: Path) -> None:
    path = tmp_path / "y.ts"
    for stamp in (b"", bytes(4)):
        path.write_bytes(b"".join(each + stamp for each in packets))
        file = os.open(path, os.O_RDONLY)
        try:
            end = (len(packets) - 1) * (PACKET + len(stamp))
            assert breaks(file, PID, 0, end) is broken
            assert breaks(file, PID, 0, end - 1)  # no rhythm leads there
            assert not breaks(file, PID, end, end)
        finally:
            os.close(file)
