"""Messages and media of an RTSP connection, cut anywhere, with whatever cameras put between them."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.rtsp_stream import MAX_BODY, MAX_HEAD, Broken, Message, Splitter, parse_head


def block(channel: int, content: bytes) -> bytes:
    return b"$" + struct.pack(">BH", channel, len(content)) + content


RTP, RTCP = block(0, b"\x80\x60" + bytes(60)), block(1, b"\x80\xc8" + bytes(26))
ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\n\r\nv=0\r\n"
BARE = b"RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"


def splitter() -> Splitter:
    """That has seen an answer, and knows the channels of the media."""
    made = Splitter(answers=True)
    made.feed(BARE)
    made.channels = frozenset({0, 1})
    return made


def passed(data: bytes, cuts: list[int]) -> tuple[bytes, list[Message]]:
    """Media and messages of bytes that come in pieces."""
    made, media, messages = splitter(), b"", []
    for begin, end in pairwise([0, *sorted(cuts), len(data)]):
        for part in made.feed(data[begin:end]):
            if isinstance(part, Message):
                messages.append(part)
            else:
                media += part
    return media, messages


@given(st.lists(st.integers(0, 300), max_size=8))
def test_media_and_messages_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    data = RTP + RTCP + ANSWER + RTP + BARE + RTP
    media, messages = passed(data, [min(each, len(data)) for each in cuts])
    assert media == RTP + RTCP + RTP + RTP
    assert [(each.get("cseq"), each.body) for each in messages] == [("3", b"v=0\r\n"), ("4", b"")]


@pytest.mark.parametrize(
    "garbage", [b"\0", b"text\r\n\r\n", b"$", b"$\0\0\4\n$", b"$\0\xff", RTP[4:], b"ANNOUNCE a RTSP/1.0\r\n\r\n"]
)
def test_what_is_neither_is_left_out(garbage: bytes) -> None:
    made = splitter()
    found = made.feed(RTP + garbage + RTP + garbage + RTCP + BARE)
    assert [each for each in found if isinstance(each, Message)] == [parse_head(BARE)]
    assert b"".join(each for each in found if isinstance(each, bytes)) == RTP + RTP + RTCP


def test_media_of_other_channels_is_left_out() -> None:
    sound = block(2, b"\x80\x00" + bytes(160))
    assert splitter().feed(sound + RTP + sound) == [RTP]


def test_a_line_of_one_space_and_folded_lines_are_part_of_the_head() -> None:
    head = parse_head(b"RTSP/1.0 200 OK\nSession: 8\n \nRTP-Info: url=a;\n\tseq=1\nX\n\n")
    assert head.headers == (("Session", "8"), ("RTP-Info", "url=a; seq=1"))


def test_headers_are_found_in_any_case_and_put_once() -> None:
    head = parse_head(b"RTSP/1.0 200 OK\r\ncseq: 1\r\nCSeq: 2\r\nX-\xff: \xfe\r\n\r\n")
    assert (head.all("CSEQ"), head.get("none")) == (["1", "2"], "")
    assert head.put("CSeq", "3").encode() == b"RTSP/1.0 200 OK\r\nX-\xff: \xfe\r\nCSeq: 3\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"RTSP/1.0 200 OK\r\nX: " + bytes(MAX_HEAD),
        f"RTSP/1.0 200 OK\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n".encode(),
    ],
)
def test_what_is_no_rtsp_and_what_has_no_end_is_refused(data: bytes) -> None:
    with pytest.raises(Broken):
        Splitter(answers=True).feed(data)


def test_requests_are_read_too() -> None:
    made = Splitter(answers=False)
    made.channels = frozenset({0, 1})
    [options, report] = made.feed(b"OPTIONS rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n" + RTCP)
    assert isinstance(options, Message)
    assert (options.method, options.address, report) == ("OPTIONS", "rtsp://a/b", RTCP)


@pytest.mark.parametrize("garbage", [b"RTSP/1.x", b"$\7\xff\xff", b"RTSP/1.0 $\0\0\x10"])
def test_the_first_of_a_block_and_an_answer_is_gone_on_with_after_what_only_begins_like_one(garbage: bytes) -> None:
    """Neither is looked for beyond the other: a camera would have the event loop by that."""
    for parts in ([RTP, parse_head(BARE)], [parse_head(BARE), RTP]):
        data = b"".join(RTP if isinstance(part, bytes) else BARE for part in parts)
        assert splitter().feed(b"\0" + garbage + b"\0" + data) == parts


def test_heads_end_at_their_first_empty_line() -> None:
    bare, marked = b"RTSP/1.0 200\n\n", b"RTSP/1.0 201\r\n\r\n"
    found = splitter().feed(bare + marked + bare)
    assert [each.status for each in found if isinstance(each, Message)] == [200, 201, 200]


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n"])
def test_a_head_is_as_long_as_promised_and_no_longer_however_it_is_cut(end: bytes) -> None:
    first = b"RTSP/1.0 200 OK\r\nX: "
    longest = first + b"x" * (MAX_HEAD - len(first) - len(end)) + end
    [head] = splitter().feed(longest)
    assert isinstance(head, Message)
    with pytest.raises(Broken):
        splitter().feed(longest.replace(b"X: ", b"X: x") + BARE)


@pytest.mark.parametrize(
    ("line", "status"),
    [("RTSP/1.0 200 OK", 200), ("RTSP/1.0 20", 0), ("RTSP/1.0 " + "2" * 5000, 0), ("RTSP/1.0 \u0662\u0660\u0660", 0)],
)
def test_a_status_has_three_digits(line: str, status: int) -> None:
    """Python reads no number of thousands of them."""
    assert Message(line).status == status
