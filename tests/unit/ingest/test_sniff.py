"""What kind of file it is, by content only."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ingest.clips import archive, concat, jpeg, playlist, png, video_file

from ingest.admission.facts import refused_by_sniffing
from ingest.admission.sniff import HEAD_BYTES, Family, container_name, sniff


@pytest.mark.parametrize(
    ("name", "format", "codec", "family", "container"),
    [
        ("a.mp4", "mp4", "libx264", "mp4", "mp4"),
        ("a.mov", "mov", "libx264", "mp4", "mov"),
        ("a.mkv", "matroska", "libx264", "matroska", "matroska"),
        ("a.webm", "webm", "libvpx", "matroska", "webm"),
        ("a.avi", "avi", "mpeg4", "avi", "avi"),
        ("a.ts", "mpegts", "mpeg2video", "mpegts", "mpegts"),
    ],
)
def test_families_that_are_taken(
    tmp_path: Path, name: str, format: str, codec: str, family: Family, container: str
) -> None:
    head = video_file(tmp_path / name, format=format, codec=codec).read_bytes()[:HEAD_BYTES]
    assert sniff(head) == family
    assert container_name(head, family) == container


@pytest.mark.parametrize(
    "body",
    [
        playlist("http://127.0.0.1/x"),
        concat(Path("/etc/passwd")),
        png(),
        archive(),
        jpeg(),
        b"%PDF-1.7\n",
        b"<?xml version='1.0'?><MPD></MPD>",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n",
        b"GIF89a",
        b"\x00",
        b"G" * 3,
    ],
)
def test_what_is_not_a_video_never_reaches_the_demuxer(body: bytes) -> None:
    assert refused_by_sniffing(len(body), sniff(body[:HEAD_BYTES])) == "not_a_video"


@pytest.mark.parametrize("body", [b"FLV\x01", b"OggS\0", b"\x00\x00\x01\xba\x44", b"DHAV\xfd", b"\x00\x00\x00\x01\x67"])
def test_other_videos_are_told_what_to_convert_to(body: bytes) -> None:
    assert refused_by_sniffing(len(body), sniff(body)) == "unsupported_container"


def test_a_transport_stream_may_begin_in_the_middle_of_a_packet(tmp_path: Path) -> None:
    body = video_file(tmp_path / "a.ts", format="mpegts", codec="mpeg2video").read_bytes()
    assert sniff(body[100:HEAD_BYTES]) == "mpegts"


def test_a_recorders_time_stamps_before_each_packet(tmp_path: Path) -> None:
    body = video_file(tmp_path / "a.ts", format="mpegts", codec="mpeg2video", frames=40).read_bytes()
    stamped = b"".join(b"\0\0\0\0" + body[at : at + 188] for at in range(0, 188 * 20, 188))
    assert sniff(stamped[:HEAD_BYTES]) == "mpegts"


def test_text_full_of_the_sync_byte_is_no_transport_stream() -> None:
    assert sniff(b"GGGG is a letter. " * 100) == "unknown"


def test_an_empty_file_is_said_to_be_empty() -> None:
    assert refused_by_sniffing(0, sniff(b"")) == "empty_file"


def test_an_archive_that_holds_a_video_is_still_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mp4", "w") as file:
        file.write(video_file(tmp_path / "b.mp4"))
    assert sniff((tmp_path / "a.mp4").read_bytes()[:HEAD_BYTES]) == "unknown"


@given(st.binary(max_size=HEAD_BYTES))
def test_any_bytes_are_sniffed(head: bytes) -> None:
    assert container_name(head, sniff(head))
