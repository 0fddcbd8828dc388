"""Packets in order again, and whole pictures alone: nothing damaged is passed on, whatever the line does."""

import random
from collections.abc import Sequence

import pytest
from fakecamera.rtp import H264, H265, PACKING, Codec, Packing, packets
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.rtp_order import (
    MAX_PACKETS,
    MAX_PICTURE,
    MAX_WAIT_S,
    MAX_WAITING,
    MAX_WAITING_BYTES,
    RESTARTED,
    Order,
    Packet,
    WholePictures,
    kinds,
    opens,
)

SLICE = {
    H264: (b"\x41", b"\x65", (b"\x67\x4d", b"\x68\xee")),
    H265: (b"\x02\x01", b"\x26\x01", (b"\x40\x01", b"\x42\x01")),
}


def film(codec: Codec = H264, pictures: int = 30, group: int = 10, packing: Packing = PACKING) -> list[list[bytes]]:
    """Packets of pictures; every one of four packets, a keyframe each `group`."""
    made: list[list[bytes]] = []
    other, key, sets = SLICE[codec]
    for number in range(pictures):
        sequence = 65_500 + sum(map(len, made))  # it wraps
        body = number.to_bytes(2, "big") * 2700
        nals = (*sets, key + body) if number % group == 0 else (other + body,)
        made.append(packets(nals, sequence, number * 3600, 7, codec, packing))
    return made


def received(datagrams: Sequence[bytes], codec: str = "H264", step_s: float = 0.01) -> list[bytes]:
    order, pictures = Order(), WholePictures(codec)
    found: list[bytes] = []
    for number, data in enumerate(datagrams):
        for packet in order.take(data, number * step_s):
            found += pictures.take(packet, number * step_s)
    return found


def ticks(found: Sequence[bytes]) -> list[int]:
    """Numbers of the pictures, each once."""
    return list(dict.fromkeys(int.from_bytes(data[4:8], "big") // 3600 for data in found))


def joined(made: Sequence[Sequence[bytes]]) -> list[bytes]:
    return [data for picture in made for data in picture]


@pytest.mark.parametrize("codec", [H264, H265])
def test_what_comes_in_order_is_passed_on_as_it_is(codec: Codec) -> None:
    sent = joined(film(codec))
    assert received(sent, codec.name) == sent


@given(st.integers(0, 2**32))
def test_what_comes_in_another_order_or_twice_is_put_right(seed: int) -> None:
    chance, sent = random.Random(seed), joined(film())
    mixed = [data for _, data in sorted(enumerate(sent), key=lambda each: each[0] + chance.uniform(0, 6))]
    for _ in range(20):
        place = chance.randrange(len(mixed))
        mixed.insert(place, mixed[max(0, place - chance.randrange(10))])
    assert received([sent[0], *mixed]) == sent, "the stream begins with the first that comes"


@given(st.integers(0, 2**32), st.sampled_from([H264, H265]), st.booleans())
def test_only_whole_pictures_that_can_be_decoded_are_passed_on(seed: int, codec: Codec, marked: bool) -> None:
    """Any packets are lost: each picture that is passed on is whole, and so are all since its keyframe."""
    chance, made = random.Random(seed), film(codec, packing=Packing(marked=marked))
    lost = {chance.randrange(4, 120) for _ in range(chance.randrange(1, 8))}
    sent = [data for number, data in enumerate(joined(made)) if number not in lost]
    found = received(sent, codec.name, step_s=MAX_WAIT_S / 4)
    passed = set(ticks(found))
    assert found == joined([picture for number, picture in enumerate(made) if number in passed])
    for number in passed:
        assert set(range(number - number % 10, number)) <= passed


def test_after_a_loss_pictures_go_on_with_the_next_keyframe() -> None:
    made = film()
    del made[3][1]
    assert ticks(received(joined(made), step_s=0.05)) == [0, 1, 2, *range(10, 30)]


def test_a_loss_between_two_pictures_costs_the_rest_of_its_group_too() -> None:
    made = film()
    made[4] = []
    assert ticks(received(joined(made), step_s=0.05)) == [0, 1, 2, 3, *range(10, 30)]


def test_a_packet_that_is_late_is_waited_for_no_longer_than_promised() -> None:
    order, [first, late, third] = Order(), joined(film())[:3]
    assert [each.data for each in order.take(first, 0.0)] == [first]
    assert order.take(third, 0.0) == []
    assert order.take(third, MAX_WAIT_S - 0.01) == []
    assert order.take(third, MAX_WAIT_S) == [Packet(third, follows=False)]
    assert order.take(late, MAX_WAIT_S) == []


def test_no_more_than_so_many_wait() -> None:
    order = Order()
    order.take(numbered(0), 0.0)
    held = [order.take(numbered(2 + number), 0.0) for number in range(MAX_WAITING + 1)]
    assert [len(each) for each in held] == [0] * MAX_WAITING + [MAX_WAITING + 1]


def numbered(number: int, source: int = 1) -> bytes:
    return bytes([0x80, 96]) + (number & 0xFFFF).to_bytes(2, "big") + bytes(4) + source.to_bytes(4, "big") + b"\x41"


def test_no_more_than_so_many_bytes_wait() -> None:
    order, large = Order(), bytes(60_000)
    order.take(numbered(0), 0.0)
    fit = MAX_WAITING_BYTES // (len(large) + 13)
    held = [order.take(numbered(2 + number) + large, 0.0) for number in range(fit + 1)]
    assert [len(each) for each in held] == [0] * fit + [fit + 1]


@pytest.mark.parametrize("every", [1, 2, 3])
def test_packets_come_in_order_over_the_end_of_the_count_whatever_is_missing(every: int) -> None:
    order, numbers = Order(), range(65_000, 66_500, every)
    found = [each for number in numbers for each in order.take(numbered(number), number / 1000)]
    found += [each for now_s in (100.0, 101.0) for each in order.take(numbered(66_500), now_s)]
    assert [each.data for each in found] == [numbered(number) for number in (*numbers, 66_500)]


def test_a_camera_that_counts_anew_is_followed() -> None:
    order = Order()
    order.take(numbered(40_000), 0.0)
    taken = [order.take(numbered(30_000 + number), 0.0) for number in range(RESTARTED + 1)]
    assert [len(each) for each in taken] == [0] * (RESTARTED - 1) + [1, 1]
    assert [each.follows for packets in taken for each in packets] == [False, True]
    [packet] = order.take(numbered(7, source=2), 0.0)
    assert not packet.follows


@pytest.mark.parametrize("data", [b"", b"\x80", bytes(40), b"\x80" + bytes(11), b"GET / HTTP/1.1\r\n\r\n"])
def test_what_is_no_rtp_is_left_out(data: bytes) -> None:
    assert Order().take(data, 0.0) == []


def test_a_camera_without_keyframes_goes_on_at_its_recovery_points() -> None:
    made = film(group=10_000)
    recovery = b"\x06\x06\x01\xc4\x80"
    made[20] = packets([recovery, b"\x41" + bytes(2700)], int.from_bytes(made[20][0][2:4], "big"), 20 * 3600, 7)
    made[21:] = [[renumbered(data, -1) for data in picture] for picture in made[21:]]
    del made[3][1]
    assert ticks(received(joined(made), step_s=0.05)) == [0, 1, 2, *range(20, 30)]


def renumbered(data: bytes, by: int) -> bytes:
    return data[:2] + ((int.from_bytes(data[2:4], "big") + by) & 0xFFFF).to_bytes(2, "big") + data[4:]


def test_a_picture_that_never_ends_is_let_go() -> None:
    pictures = WholePictures("H264")
    data = bytes([0x80, 96, *bytes(10)]) + b"\x41" + bytes(60_000)
    assert [pictures.take(Packet(data, follows=True), 0.0) for _ in range(MAX_PICTURE // len(data) + 2)][-1] == []
    assert pictures.dark_since_s is not None


def test_a_picture_of_too_many_packets_is_let_go() -> None:
    pictures = WholePictures("H264")
    sent = slices(1, SPS, *[LATER_SLICE] * (MAX_PACKETS + 10))
    assert [whole for data in sent for whole in pictures.take(followed(data), 0.0)] == []


def test_types_of_units_are_found_behind_extensions_and_in_aggregates() -> None:
    extended = packets([b"\x65abc"], 0, 0, 0, H264, Packing(extended=True))
    assert kinds("H264", Packet(extended[0], follows=True)) == [5]
    aggregate = numbered(0)[:-1] + b"\x78\0\2\x67a\0\2\x68b\0\3\x65cd"
    assert kinds("H264", Packet(aggregate, follows=True)) == [7, 8, 5]
    aggregate_265 = numbered(0)[:-1] + b"\x60\1\0\3\x42\1a\0\3\x26\1b"
    assert kinds("H265", Packet(aggregate_265, follows=True)) == [33, 19]
    assert kinds("H264", Packet(numbered(0)[:-1], follows=True)) == [0]
    assert kinds("JPEG", Packet(numbered(0), follows=True)) == []


SPS, PPS, FIRST_SLICE, LATER_SLICE = b"\x67\x4d", b"\x68\xee", b"\x65\x88abc", b"\x65\x40abc"


def slices(number: int, *nals: bytes) -> list[bytes]:
    """A picture whose every unit is a packet."""
    return packets(nals, 1000 + 10 * number, number * 3600, 7)


def followed(data: bytes) -> Packet:
    return Packet(data, follows=True)


def keyframe(number: int) -> list[bytes]:
    return slices(number, SPS, PPS, FIRST_SLICE, LATER_SLICE)


def test_the_rest_of_a_picture_that_was_let_go_is_damaged() -> None:
    """As where the reader takes too little."""
    pictures, [sps, *rest] = WholePictures("H264"), slices(1, SPS, FIRST_SLICE, LATER_SLICE, LATER_SLICE)
    assert pictures.take(followed(sps), 0.0) == []
    assert pictures.take(followed(rest[0]), 0.0) == []
    for _ in range(2):
        pictures.lose(1.0)  # nothing new in between
    assert [pictures.take(followed(data), 1.0) for data in rest[1:]] == [[], []]
    assert pictures.dark_since_s is not None
    found = [whole for data in keyframe(2) for whole in pictures.take(followed(data), 2.0)]
    assert (found, pictures.dark_since_s) == (keyframe(2), None)


def test_the_rest_of_a_picture_that_is_too_large_is_damaged() -> None:
    pictures = WholePictures("H264")
    sent = slices(1, SPS, *[b"\x65\x40" + bytes(1300)] * (MAX_PICTURE // 1300 + 10))
    assert [whole for data in sent for whole in pictures.take(followed(data), 0.0)] == []
    assert pictures.dark_since_s is not None


def test_a_picture_is_not_damaged_by_one_before_it_that_has_its_time() -> None:
    """Sets may have the time of the picture before; and clocks stand still."""
    pictures, [first, last] = WholePictures("H264"), slices(1, b"\x41\x9a", b"\x41\x40")
    pictures.take(followed(first), 0.0)
    pictures.lose(0.0)
    assert pictures.take(followed(last), 0.0) == []
    again = keyframe(1)
    assert [whole for data in again for whole in pictures.take(followed(data), 0.0)] == again
    pictures.take(followed(first), 0.0)
    assert [whole for data in again for whole in pictures.take(Packet(data, data != again[0]), 0.0)] == again


SETS_265 = (b"\x40\x01", b"\x42\x01", b"\x44\x01")
FIRST_265, LATER_265 = b"\x26\x01\xaf", b"\x26\x01\x20"


def each_marked(sent: list[bytes]) -> list[bytes]:
    """As by cameras that set the mark of a picture's end on each slice."""
    return [data[:1] + bytes([data[1] | 0x80]) + data[2:] for data in sent]


@pytest.mark.parametrize("missing", [[1], [0], [0, 1], [1, 2]])
def test_the_rest_of_a_picture_is_damaged_also_where_each_slice_is_marked(missing: list[int]) -> None:
    whole = (SPS, PPS, FIRST_SLICE, LATER_SLICE)
    begun, after = packets(whole, 1000, 3600, 7), packets(whole, 1008, 10_800, 7)
    cut = each_marked(packets([FIRST_SLICE, *[LATER_SLICE] * 3], 1004, 7200, 7))
    for number in reversed(missing):
        del cut[number]
    expected = begun + (cut[:1] if 0 not in missing else []) + after
    assert received([*begun, *cut, *after], step_s=0.05) == expected


@pytest.mark.parametrize(
    ("codec", "nals", "whole"),
    [
        (H264, (SPS, PPS, FIRST_SLICE, LATER_SLICE), True),
        (H264, (PPS, FIRST_SLICE), True),
        (H264, (b"\x09\x10", SPS, PPS, FIRST_SLICE), True),
        (H264, (b"\x06\x05", FIRST_SLICE), True),
        (H264, (FIRST_SLICE, LATER_SLICE), True),
        (H264, (FIRST_SLICE + bytes(5000), LATER_SLICE), True),
        (H264, (LATER_SLICE, LATER_SLICE), False),
        (H264, (LATER_SLICE + bytes(5000), LATER_SLICE), False),
        (H264, (b"\x65", LATER_SLICE), False),
        (H264, (b"\x41\x9a", b"\x41\x40"), False),
        (H265, (*SETS_265, FIRST_265), True),
        (H265, (FIRST_265 + bytes(5000), LATER_265), True),
        (H265, (FIRST_265,), True),
        (H265, (LATER_265, LATER_265), False),
        (H265, (LATER_265 + bytes(5000),), False),
    ],
)
def test_a_stream_begins_with_a_whole_picture_from_which_a_decoder_can_begin(
    codec: Codec, nals: tuple[bytes, ...], whole: bool
) -> None:
    """What came before the first packet may have been lost."""
    sent = packets(nals, 1000, 3600, 7, codec)
    after = [renewed(data, len(nals) * 9 + place) for place, data in enumerate(film(codec, 1)[0])]
    assert received(sent + after, codec.name, step_s=0.05) == (sent if whole else []) + after


def renewed(data: bytes, place: int) -> bytes:
    """Some packets later, of a later picture."""
    return data[:2] + (1000 + place).to_bytes(2, "big") + (7200).to_bytes(4, "big") + data[8:]


def test_a_stream_that_begins_in_the_middle_of_a_fragment_waits_for_the_next_keyframe() -> None:
    made = film()
    del made[0][:3]
    assert ticks(received(joined(made))) == list(range(10, 30))


def test_waiting_for_the_first_keyframe_is_no_loss() -> None:
    """The code would speak of the line where the camera's group of pictures is too long."""
    pictures, made = WholePictures("H264"), film()
    assert [whole for data in joined(made[1:9]) for whole in pictures.take(followed(data), 3.0)] == []
    assert (pictures.dark_since_s, pictures.missed) == (3.0, False)
    pictures.take(Packet(made[9][0], follows=False), 4.0)
    assert (pictures.dark_since_s, pictures.missed) == (3.0, True)


def test_of_a_codec_that_is_not_known_each_picture_may_be_the_first() -> None:
    sent = packets([b"\x00abc"], 1000, 3600, 7)
    assert received(sent, "JPEG") == sent


def test_an_aggregate_opens_a_picture_with_what_is_first_in_it() -> None:
    begin = numbered(0)[:-1]
    assert opens("H264", followed(begin + b"\x78\0\3\x65\x88a\0\3\x65\x40a"))
    assert not opens("H264", followed(begin + b"\x78\0\3\x65\x40a\0\3\x65\x40a"))
    assert not opens("H264", followed(begin + b"\x78"))
    assert opens("H265", followed(begin + b"\x60\1\0\3\x26\1\xaf"))
