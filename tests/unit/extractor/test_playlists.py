"""What a playlist says, and what of it is refused; which times of segments are wanted."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.camera_failures import CameraFailed, ElsewhereNotAllowed, NotAPlaylist, StreamEncrypted
from extractor.model.playlists import Media, Part, Variant, read_playlist
from extractor.model.segment_times import Due, Listed, SegmentClock, refusal

BASE = "http://camera/live/list.m3u8"
HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n"


def media(lines: str) -> Media:
    found = read_playlist(HEAD + lines, BASE)
    assert isinstance(found, Media)
    return found


def test_segments_have_their_number_address_and_duration() -> None:
    found = media("#EXTINF:2.5,\na.ts\n#EXTINF:2,title\n/b.ts?x=1\n#EXT-X-GAP\n#EXTINF:2,\nhttps://other/c.ts\n")
    assert [each.number for each in found.segments] == [7, 8, 9]
    assert [each.part.address for each in found.segments] == [
        *("http://camera/live/a.ts", "http://camera/b.ts?x=1", "https://other/c.ts"),
    ]
    assert [each.duration_s for each in found.segments] == [2.5, 2.0, 2.0]
    assert [each.missing for each in found.segments] == [False, False, True]
    assert (found.target_s, found.ended) == (2.0, False)
    assert media("#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n").ended


def test_dates_are_added_up_until_a_discontinuity() -> None:
    found = media(
        "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:01:40Z\n#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n"
        "#EXT-X-DISCONTINUITY\n#EXTINF:2,\nc.ts\n"
        "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T01:03:20.500+01:00\n#EXTINF:2,\nd.ts\n"
    )
    assert [(each.date_s, each.dated, each.begins) for each in found.segments] == [
        *((100.0, True, False), (102.0, False, False), (None, False, True), (200.5, True, False)),
    ]


def test_byte_ranges_go_on_where_the_one_before_ended() -> None:
    found = media(
        '#EXT-X-MAP:URI="a.mp4",BYTERANGE="50@0"\n'
        "#EXT-X-BYTERANGE:100@50\n#EXTINF:2,\na.mp4\n#EXT-X-BYTERANGE:200\n#EXTINF:2,\na.mp4\n"
    )
    address = "http://camera/live/a.mp4"
    assert [each.part for each in found.segments] == [Part(address, 50, 100), Part(address, 150, 200)]
    assert {each.head for each in found.segments} == {Part(address, 0, 50)}


def test_of_renditions_the_best_that_is_not_too_large_is_taken() -> None:
    lines = (
        '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=90,CODECS="mp4a.40.2"\nsound\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=80,RESOLUTION=3840x2160\nlarge\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=40,RESOLUTION=1920x1080\nhigh\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=10,RESOLUTION=640x360\nlow\n"
    )
    assert read_playlist(lines, BASE) == Variant("http://camera/live/high", 40, 1920 * 1080)
    with pytest.raises(NotAPlaylist):
        read_playlist(lines[: lines.index("#EXT-X-STREAM-INF:BANDWIDTH=80")], BASE)


REFUSED = {
    "<html></html>": NotAPlaylist,
    "#EXTM3U\n#EXTINF:2,\na.ts\n": NotAPlaylist,
    HEAD + "#EXTINF:nan,\na.ts\n": NotAPlaylist,
    HEAD + "#EXTINF:-2,\na.ts\n": NotAPlaylist,
    HEAD + "#EXTINF:1e9,\na.ts\n": NotAPlaylist,
    HEAD + "#EXT-X-BYTERANGE:x@y\n#EXTINF:2,\na.ts\n": NotAPlaylist,
    HEAD + "#EXT-X-PROGRAM-DATE-TIME:yesterday\n#EXTINF:2,\na.ts\n": NotAPlaylist,
    HEAD + "#EXT-X-I-FRAMES-ONLY\n#EXTINF:2,\na.ts\n": NotAPlaylist,
    HEAD + '#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:2,\na.ts\n': StreamEncrypted,
    HEAD + '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF:2,\na.ts\n': StreamEncrypted,
    HEAD + "#EXTINF:2,\nfile:///etc/passwd\n": ElsewhereNotAllowed,
    HEAD + "#EXTINF:2,\nconcat:a.ts|b.ts\n": ElsewhereNotAllowed,
    HEAD + "#EXTINF:2,\nhttp://2130706433/a.ts\n": ElsewhereNotAllowed,
    HEAD + "#EXTINF:2,\nhttp://user:pass@camera/a.ts\n": ElsewhereNotAllowed,
    HEAD + '#EXT-X-MAP:URI="crypto:a"\n#EXTINF:2,\na.ts\n': ElsewhereNotAllowed,
    "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\ncrypto+http://camera/a.m3u8\n": ElsewhereNotAllowed,
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_read_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(REFUSED[text]):
        read_playlist(text, BASE)


def test_a_method_of_none_is_no_encryption() -> None:
    assert len(media("#EXT-X-KEY:METHOD=NONE\n#EXTINF:2,\na.ts\n").segments) == 1


TAGS = """
#EXTINF:2, #EXTINF #EXTINF: #EXT-X-BYTERANGE:1 #EXT-X-BYTERANGE: #EXT-X-MAP: #EXT-X-MAP:URI=a #EXT-X-KEY:METHOD
#EXT-X-STREAM-INF: #EXT-X-STREAM-INF:RESOLUTION=1 #EXT-X-MEDIA-SEQUENCE:x #EXT-X-PART:URI=a #EXT-X-SKIP: #EXT-X-GAP
#EXT-X-PROGRAM-DATE-TIME:0 #EXT-X-DISCONTINUITY #EXT-X-DATERANGE:ID #EXT-X-START: #EXT-X-CUE-OUT:1 a.ts
#EXT-X-SERVER-CONTROL:A #EXT-X-RENDITION-REPORT: #EXT-X-PRELOAD-HINT: #EXT-X-SESSION-DATA: #EXT-X-TARGETDURATION:1
"""


@given(st.lists(st.sampled_from(TAGS.split()) | st.text(max_size=20), max_size=12))
def test_whatever_a_playlist_holds_it_is_read_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(CameraFailed):
        read_playlist("\n".join(["#EXTM3U", *lines]), BASE)


def listed(begins_s: float, seen_s: float, date_s: float | None = None, dated: bool = True) -> Listed:
    [segment] = media("#EXTINF:2,\na.ts\n").segments
    fields = {name: getattr(segment, name) for name in segment.__dataclass_fields__}
    return Listed(type(segment)(**fields | {"date_s": date_s, "dated": dated}), begins_s, seen_s)


@pytest.mark.parametrize(
    ("date_s", "why"), [(None, "no_report"), (98.0, None), (98.2, "ahead"), (85.0, None), (60.0, "behind")]
)
def test_a_date_is_believed_while_it_agrees_with_when_the_segment_came(date_s: float | None, why: str | None) -> None:
    assert refusal(listed(0, 100.0, date_s), target_s=2.0) == why


def test_without_dates_the_least_delayed_segment_tells_the_time() -> None:
    clock = SegmentClock()
    for number, delay in enumerate((1.5, 0.2, 0.9)):
        clock.listed(listed(2.0 * number, 100 + 2.0 * number + 2 + delay), 2.0 if number == 0 else 1.0)
    captured = clock.captured(listed(4.0, 107.0), 0.5, 2.0)
    assert captured.at_s == pytest.approx(104.7, abs=0.002)
    assert (captured.source, captured.error_s) == ("receipt", 1.15)


@pytest.mark.parametrize(
    ("every_s", "wanted"),
    [(1.0, [[0, 1], [0, 1], [0, 1]]), (1.5, [[0, 1.5], [1.0], [0.5]]), (5.0, [[0], [], [1.0]])],
)
def test_a_picture_is_wanted_once_in_each_cadence(every_s: float, wanted: list[list[float]]) -> None:
    due = Due(every_s)
    assert [list(due.wanted(listed(2.0 * number, 0))) for number in range(3)] == wanted


def test_after_segments_that_were_left_out_the_next_is_wanted_at_once() -> None:
    due = Due(1.0)
    due.wanted(listed(0.0, 0))
    assert list(due.wanted(listed(100.0, 0))) == [0, 1]
