"""Packets in order again, and whole pictures alone: nothing damaged is passed on, whatever the line does."""

import random
from collections.abc import Sequence

import pytest
from fakecamera.rtp import H264, H265, PACKING, Codec, Packing, packets
from hypothesis import given
from hypothesis import strategies as st

from extractor.model.rtp_order import (
    MAX_PICTURE,
    MAX_WAIT_S,
    MAX_WAITING,
    RESTARTED,
    Order,
    Packet,
    WholePictures,
    kinds,
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
    assert (order.take(late, MAX_WAIT_S), order.lost) == ([], 1)


def test_no_more_than_so_many_wait() -> None:
    order = Order()
    order.take(numbered(0), 0.0)
    held = [order.take(numbered(2 + number), 0.0) for number in range(MAX_WAITING + 1)]
    assert [len(each) for each in held] == [0] * MAX_WAITING + [MAX_WAITING + 1]


def numbered(number: int, source: int = 1) -> bytes:
    return bytes([0x80, 96]) + (number & 0xFFFF).to_bytes(2, "big") + bytes(4) + source.to_bytes(4, "big") + b"\x41"


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
    assert pictures.left_out >= MAX_PICTURE // len(data)


def test_types_of_units_are_found_behind_extensions_and_in_aggregates() -> None:
    extended = packets([b"\x65abc"], 0, 0, 0, H264, Packing(extended=True))
    assert kinds("H264", Packet(extended[0], follows=True)) == [5]
    aggregate = numbered(0)[:-1] + b"\x78\0\2\x67a\0\2\x68b\0\3\x65cd"
    assert kinds("H264", Packet(aggregate, follows=True)) == [7, 8, 5]
    aggregate_265 = numbered(0)[:-1] + b"\x60\1\0\3\x42\1a\0\3\x26\1b"
    assert kinds("H265", Packet(aggregate_265, follows=True)) == [33, 19]
    assert kinds("H264", Packet(numbered(0)[:-1], follows=True)) == [0]
    assert kinds("JPEG", Packet(numbered(0), follows=True)) == []
