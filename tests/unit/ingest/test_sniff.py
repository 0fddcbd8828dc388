"""What kind of file it is, by content only."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ingest.clips import archive, concat, jpeg, playlist, png, video_file

from ingest.admission.facts import check_family
from ingest.admission.sniff import HEAD_BYTES, Family, container_name, sniff, what_it_is
from ingest.refusals import Refusal


@pytest.mark.parametrize(
    ("name", "format", "codec", "family", "container"),
    [
        ("a.mp4", "mp4", "libx264", "mp4", "mp4"),
        ("a.mov", "mov", "libx264", "mp4", "mov"),
        ("a.mkv", "matroska", "libx264", "matroska", "matroska"),
        ("a.webm", "webm", "libvpx", "matroska", "webm"),
        ("a.avi", "avi", "mpeg4", "avi", "avi"),
        ("a.ts", "mpegts", "mpeg2video", "mpegts", "mpegts"),
        ("a.mpg", "vob", "mpeg2video", "mpegps", "mpegps"),
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
    with pytest.raises(Refusal, match="not_a_video"):
        check_family(len(body), sniff(body[:HEAD_BYTES]))


@pytest.mark.parametrize("body", [b"FLV\x01", b"OggS\0", b"\x00\x00\x01\xb3\x44", b"DHAV\xfd", b"\x00\x00\x00\x01\x67"])
def test_other_videos_are_told_what_to_convert_to(body: bytes) -> None:
    with pytest.raises(Refusal, match="unsupported_container"):
        check_family(len(body), sniff(body))


@pytest.mark.parametrize("first", [b"\x44\x00\x04", b"\x21\x00\x01"], ids=["MPEG-2", "MPEG-1"])
def test_a_program_stream_begins_with_a_pack(first: bytes) -> None:
    assert sniff(b"\x00\x00\x01\xba" + first) == "mpegps"


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
    with pytest.raises(Refusal, match="empty_file"):
        check_family(0, sniff(b""))


def test_an_archive_that_holds_a_video_is_still_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mp4", "w") as file:
        file.write(video_file(tmp_path / "b.mp4"))
    assert sniff((tmp_path / "a.mp4").read_bytes()[:HEAD_BYTES]) == "unknown"


@given(st.binary(max_size=HEAD_BYTES))
def test_any_bytes_are_sniffed(head: bytes) -> None:
    assert container_name(head, sniff(head))


def test_a_transport_stream_after_junk_is_one(tmp_path: Path) -> None:
    stream = video_file(tmp_path / "a.ts", format="mpegts", codec="mpeg2video").read_bytes()
    for junk in (b"", b"\x01" * 77, b"\x02" * 1000, b"HTTP/1.1 200 OK\r\n\r\n"):
        assert sniff((junk + stream)[:HEAD_BYTES]) == "mpegts"
    assert sniff((playlist("http://127.0.0.1/x") + stream)[:HEAD_BYTES]) == "unknown"


@pytest.mark.parametrize(
    ("body", "code", "what"),
    [
        (b"\x00\x00\x01\x67\x42", "unsupported_container", "raw H.264"),
        (b"\x00\x00\x01\x09\x10", "unsupported_container", "raw H.264"),
        (b"\x00\x00\x01\x40\x01", "unsupported_container", "raw H.264"),
        (b"\x00\x00\x00\x01\x67", "unsupported_container", "raw H.264"),
        (b"\x00\x00\x01\xb3\x44", "unsupported_container", "raw MPEG"),
        (b"\x00\x00\x01\xba\xff", "not_a_video", ""),
        (b"DHAV\xfd", "unsupported_container", "Dahua"),
        (b"\xff\xd8\xff\xe0", "not_a_video", "JPEG"),
        (b"<html>", "not_a_video", "HTML"),
    ],
)
def test_a_refusal_says_what_the_file_is(body: bytes, code: str, what: str) -> None:
    with pytest.raises(Refusal, match=code) as refused:
        check_family(len(body), sniff(body), what_it_is(body))
    assert what in refused.value.detail


@pytest.mark.parametrize("start", [b"--boundary\r\n", b"{", b"Rar!\x1a\x07", b"x" * 257 + b"ustar"])
def test_archives_and_forms_that_hold_a_transport_stream_are_not_one(tmp_path: Path, start: bytes) -> None:
    body = video_file(tmp_path / "a.ts", format="mpegts", codec="mpeg2video", frames=40).read_bytes()
    head = (start.ljust(512, b"x") + body)[:HEAD_BYTES]
    assert sniff(head) == "unknown"
    assert what_it_is(head)


@pytest.mark.parametrize("first", [b"\x06", b"\x4e", b"\x67"])
@pytest.mark.parametrize("zeros", [2, 3])
def test_raw_streams_that_begin_with_information_are_told_by_either_start_code(first: bytes, zeros: int) -> None:
    assert sniff(b"\0" * zeros + b"\x01" + first + b"\x80" * 100) == "other_video"
