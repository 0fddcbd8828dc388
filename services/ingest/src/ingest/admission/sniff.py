"""What kind of file it is by its first bytes, before any demuxer sees it.

Only the four families that we take reach FFmpeg: a playlist, an archive or a picture under any name never does.
"""

from typing import Literal

Family = Literal["mp4", "matroska", "avi", "mpegts", "other_video", "unknown"]

HEAD_BYTES = 4096
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"uuid"})
_OTHER_VIDEO = (
    b"FLV",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF: WMV
    b"OggS",
    b"\x00\x00\x01\xba",  # MPEG program stream, DVD
    b"\x00\x00\x01\xb3",  # MPEG elementary stream
    b"\x00\x00\x00\x01",  # H.264 or HEVC elementary stream
    b".RMF",
    b"DHAV",  # Dahua recorders
    b"IMKH",  # Hikvision recorders
    b"\x06\x0e\x2b\x34",  # MXF
)


def sniff(head: bytes) -> Family:
    """Family of a file that starts with `head` (HEAD_BYTES of it, or all of a shorter one)."""
    if len(head) >= 8 and head[4:8] in _BOXES:
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if _is_transport_stream(head):
        return "mpegts"
    return "other_video" if head.startswith(_OTHER_VIDEO) else "unknown"


def container_name(head: bytes, family: Family) -> str:
    """Name of the container: mp4, mov, matroska, webm, avi or mpegts."""
    if family == "mp4":
        return "mov" if head[4:12] == b"ftypqt  " or head[4:8] != b"ftyp" else "mp4"
    if family == "matroska":
        return "webm" if b"\x42\x82\x84webm" in head[:128] else "matroska"
    return family


def _is_transport_stream(head: bytes) -> bool:
    """0x47 every 188 bytes (or 192, with the time stamps of a recorder), from somewhere in the first packet."""
    for packet in (188, 192):
        for start in range(min(packet, max(0, len(head) - 4 * packet))):
            if all(head[start + number * packet] == 0x47 for number in range(5) if start + number * packet < len(head)):
                return True
    return False
