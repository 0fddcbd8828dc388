"""The kind of a file by its first bytes, before any demuxer opens it.

Only the five accepted families reach FFmpeg: a playlist, an archive or a picture under any name never does.
"""

from collections.abc import Mapping
from typing import Literal

Family = Literal["mp4", "matroska", "avi", "mpegts", "mpegps", "other_video", "unknown"]

HEAD_BYTES = 4096
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"uuid"})
_OTHER_VIDEO = {
    b"FLV": "a Flash video (FLV)",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "a Windows Media file (ASF, WMV)",
    b"OggS": "an Ogg file",
    b"\x00\x00\x01\xb3": "a raw MPEG video stream",
    b".RMF": "a RealMedia file",
    b"DHAV": "a Dahua recording",
    b"IMKH": "a Hikvision recording",
    b"\x06\x0e\x2b\x34": "an MXF file",
}
_NO_VIDEO = {
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"--": "the body of a form",
    b"{": "a JSON document",
    b"%PDF": "a PDF document",
    b"#EXTM3U": "a playlist, which only names the video",
    b"<": "an HTML or XML document",
    b"ID3": "an MP3 file",
}
"""What begins so is nothing else, whatever it holds: archives and forms contain files as they are."""
_TAR_AT, _TAR = 257, b"ustar"
_FIRST_UNITS = b"\x06\x09\x67\x27\x47\x40\x42\x46\x4e"
"""First bytes of units that begin a stream: delimiter, parameter sets, information for the decoder."""


def sniff(head: bytes) -> Family:
    """Family of a file that starts with `head` (HEAD_BYTES of it, or all of a shorter one)."""
    if len(head) >= 8 and head[4:8] in _BOXES:
        return "mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if not _no_video(head) and _is_transport_stream(head):
        return "mpegts"
    if _is_program_stream(head):
        return "mpegps"
    return "other_video" if _is_elementary_stream(head) or _named(_OTHER_VIDEO, head) else "unknown"


def what_it_is(head: bytes) -> str:
    """Of a file that is not taken: what it is, for a person whose file is named .mp4; empty where that is not known."""
    if _is_elementary_stream(head):
        return "a raw H.264 or H.265 stream, which has no times: put it into MP4 at the frame rate of its camera"
    return _named(_OTHER_VIDEO, head) or _no_video(head)


def container_name(head: bytes, family: Family) -> str:
    """Name of the container: mp4, mov, matroska, webm, avi, mpegts or mpegps."""
    if family == "mp4":
        return "mov" if head[4:12] == b"ftypqt  " or head[4:8] != b"ftyp" else "mp4"
    if family == "matroska":
        return "webm" if b"\x42\x82\x84webm" in head[:128] else "matroska"
    return family


def _no_video(head: bytes) -> str:
    return "a TAR archive" if head.startswith(_TAR, _TAR_AT) else _named(_NO_VIDEO, head)


def _named(kinds: Mapping[bytes, str], head: bytes) -> str:
    return next((name for start, name in kinds.items() if head.startswith(start)), "")


def _is_elementary_stream(head: bytes) -> bool:
    """A start code of four bytes, or of three and the header of a first unit (annex B of ITU-T H.264 and H.265)."""
    if head.startswith(b"\x00\x00\x00\x01"):
        return True
    return head.startswith(b"\x00\x00\x01") and len(head) > 3 and head[3] in _FIRST_UNITS


def _is_program_stream(head: bytes) -> bool:
    """A pack of MPEG-2 or MPEG-1, by the bits behind its start code (ISO/IEC 13818-1, 2.5.3.3; 11172-1, 2.4.3.2)."""
    return head.startswith(b"\x00\x00\x01\xba") and len(head) > 4 and (head[4] & 0xC4 == 0x44 or head[4] >> 4 == 2)


def _is_transport_stream(head: bytes) -> bool:
    """0x47 every 188 bytes (or 192, with the time stamps of a recorder): five times, from anywhere in the head.

    What was cut out of a broadcast or saved from a network begins with the rest of something else.
    """
    for packet in (188, 192):
        for start in range(max(0, len(head) - 4 * packet)):
            if all(head[start + number * packet] == 0x47 for number in range(5)):
                return True
    return False
