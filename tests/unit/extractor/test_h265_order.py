"""Pictures that are missing from a stream of H.265 are found by those that the others name."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import pytest
from tests.unit.extractor import clips

from extractor.media.h265 import PictureOrder
from extractor.media.nal import Bits, Picture

X265 = "-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=none:pools=1:frame-threads=1"
RECIPES = {
    "pyramid.ts": f"{X265}:keyint=25:bframes=4:b-adapt=0:b-pyramid=1:open-gop=0:ref=4 -f mpegts",
    "open.mp4": f"{X265}:keyint=20:min-keyint=20:bframes=3:b-adapt=0:open-gop=1:scenecut=0",
    "layers.mkv": f"{X265}:keyint=25:bframes=3:b-adapt=0:temporal-layers=3:open-gop=0",
    "fields.ts": f"{X265}:keyint=25:bframes=2:interlace=tff -f mpegts",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("order")


def recorded(folder: Path, name: str) -> tuple[bytes | None, list[bytes], list[int]]:
    """The track's extradata, its packets, and their times."""
    path = folder / name
    if not path.exists():
        source = "testsrc2=size=64x64:rate=25:duration=2"
        clips.ffmpeg("-f", "lavfi", "-i", source, *RECIPES[name].split(), str(path))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        return stream.codec_context.extradata, [bytes(each) for each in packets], [each.pts or 0 for each in packets]


def read(extradata: bytes | None, packets: Sequence[bytes]) -> list[Picture]:
    order = PictureOrder(extradata)
    return [order.take(packet) for packet in packets]


@pytest.mark.parametrize("name", RECIPES)
def test_pictures_are_ordered_as_they_are_shown_and_none_is_missing(name: str, folder: Path) -> None:
    extradata, packets, times = recorded(folder, name)
    found = read(extradata, packets)
    assert not any(picture.missing or picture.damaged or picture.hidden for picture in found)
    assert found[0].fresh
    counted, places = 0, []
    for picture, time in zip(found, times, strict=True):
        counted += picture.fresh
        places.append((counted, picture.order, time))
    assert [time for _, _, time in sorted(places)] == sorted(times)


@pytest.mark.parametrize("name", RECIPES)
def test_each_picture_that_others_name_is_missed_if_it_is_left_out(name: str, folder: Path) -> None:
    extradata, packets, _ = recorded(folder, name)
    whole = read(extradata, packets)
    last = max(at for at, picture in enumerate(whole) if picture.refreshes)
    for at in (at for at in range(3, last, 2) if not whole[at].refreshes):
        found = read(extradata, packets[:at] + packets[at + 1 :])
        missed = [number for number, picture in enumerate(found) if picture.missing]
        assert bool(missed) != whole[at].disposable or whole[at + 1].refreshes, at


def test_pictures_that_lead_the_first_keyframe_are_not_shown(folder: Path) -> None:
    extradata, packets, _ = recorded(folder, "open.mp4")
    whole = read(extradata, packets)
    begin = next(at for at, picture in enumerate(whole) if picture.refreshes and at)
    assert whole[begin + 1].leading and not whole[begin + 1].hidden
    cut_in = read(extradata, packets[begin:])
    assert [at for at, picture in enumerate(cut_in) if picture.hidden] == [
        at for at, picture in enumerate(cut_in[:6]) if picture.leading
    ]
    assert not any(picture.missing for picture in cut_in)


def test_a_broken_link_hides_those_that_lead_it(folder: Path) -> None:
    extradata, packets, _ = recorded(folder, "open.mp4")
    whole = read(extradata, packets)
    begin = next(at for at, picture in enumerate(whole) if picture.refreshes and at)
    spliced = read(extradata, [*packets[:begin], broken_link(packets[begin]), *packets[begin + 1 :]])
    assert (whole[begin].fresh, spliced[begin].fresh) == (False, True)
    assert spliced[begin + 1].hidden
    assert not any(picture.missing for picture in spliced)


def test_behind_an_end_of_sequence_a_keyframe_begins_anew(folder: Path) -> None:
    extradata, packets, _ = recorded(folder, "open.mp4")
    whole = read(extradata, packets)
    begin = next(at for at, picture in enumerate(whole) if picture.refreshes and at)
    ended = packets[begin - 1] + bytes([0, 0, 0, 2, 36 << 1, 1])  # the unit is its header alone (7.3.2.7)
    found = read(extradata, [*packets[: begin - 1], ended, *packets[begin:]])
    assert (whole[begin].fresh, found[begin].fresh) == (False, True)
    assert found[begin + 1].hidden
    assert not any(picture.missing or picture.damaged for picture in found)


def broken_link(packet: bytes) -> bytes:
    """Its slices called BLA_W_LP instead of CRA_NUT (table 7-1)."""
    data, at = bytearray(packet), 0
    while at < len(data):
        count = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4] >> 1 & 63 == 21:
            data[at + 4] = 16 << 1
        at += 4 + count
    return bytes(data)


@pytest.mark.parametrize("name", ["pyramid.ts", "open.mp4"])
def test_a_lost_sector_is_damage(name: str, folder: Path) -> None:
    extradata, packets, _ = recorded(folder, name)
    first = packets[0]
    torn = first[:-60] + bytes(16) + first[-44:]
    whole, found = (read(extradata, each) for each in (packets, [torn, *packets[1:]]))
    assert found[0] == replace(whole[0], damaged=True)
    assert found[1:] == whole[1:]


def test_lengths_that_do_not_lead_on_are_damage_that_began_before(folder: Path) -> None:
    extradata, packets, _ = recorded(folder, "open.mp4")
    found = read(extradata, [*packets[:7], packets[7][:-5], *packets[8:]])
    assert [picture.damaged for picture in found[6:9]] == [False, True, False]
    assert [picture.begins_damaged for picture in found[6:9]] == [False, True, False]


def test_no_code_is_read_beyond_the_zeros_that_one_may_have() -> None:
    assert Bits(bytes([0, 0, 0, 0x40, 0, 0, 0, 0])).unsigned() == (1 << 25) - 1
    with pytest.raises(ValueError, match="as many zeros"):
        Bits(bytes(100) + b"\1").unsigned()


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0\1", b"\0\0\1\x42\1", b"\0\0\1\2\1\xff" + bytes(40), b"\1" * 40])
def test_what_cannot_be_read_tells_nothing(data: bytes) -> None:
    found = PictureOrder(data).take(data)
    assert not found.missing
    assert found.order is None
