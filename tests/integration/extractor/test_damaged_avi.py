"""AVI counts its pictures: behind damage they keep their times, and a gap is as long as what is missing."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from tests.unit.extractor import clips, joined
from tests.unit.extractor.reference import decode_everything
from tests.unit.extractor.test_exact_frames import extracted, surveyed

from extractor.media.avi import pictures_of
from extractor.media.requests import OpenFile

RECIPES = {
    "mjpeg": "-c:v mjpeg -q:v 5",
    "mpeg4": "-c:v mpeg4 -g 20 -q:v 4",
    "h264": f"{clips.X264} -g 20",
    "h264 b-frames": "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -g 25",
    "with sound": "-f lavfi -i sine=d=4 -map 0:v -map 1:a -c:a pcm_s16le -c:v mjpeg -q:v 5",
}
DELAY = {"h264 b-frames": 4}
"""By how many frames the decoder is behind: so much earlier or later a loss is noticed."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("avi")


def recording(folder: Path, kind: str) -> Path:
    return joined.piece(folder, f"{kind.replace(' ', '_')}.avi", RECIPES[kind], seconds=4)


def overwritten(path: Path, share: float, length: float, noise: bool) -> Path:
    data = bytearray(path.read_bytes())
    begin, count = int(share * len(data)), int(length * len(data))
    data[begin : begin + count] = random.Random(3).randbytes(count) if noise else bytes(count)
    return written(path, bytes(data))


def written(path: Path, data: bytes) -> Path:
    damaged = path.with_name(f"damaged_{path.name}")
    damaged.write_bytes(data)
    return damaged


def without_index(data: bytes) -> bytes:
    return data[: data.rindex(b"idx1")]


def missing(path: Path) -> tuple[int, int, int]:
    """Pictures that did not come, pictures that gaps tell, and those that came with a time that is not their own."""
    frames, found = extracted(path, "all", None)
    gaps = [gap for gap in found if gap["code"] != "suspect"]  # what came
    whole = path.with_name(path.name.removeprefix("damaged_"))
    own = {each.jpeg: 40 * number for number, each in enumerate(decode_everything(whole))}
    told = sum(((4000 if gap["to_ms"] is None else gap["to_ms"]) - gap["from_ms"]) // 40 - 1 for gap in gaps)
    told += any(gap["code"] == "truncated" for gap in gaps)  # begins where the last picture ends
    wrong = [ms for _, ms, jpeg in frames if own.get(jpeg, ms) != ms]
    for ms in (ms for _, ms, jpeg in frames if jpeg not in own):
        assert any(gap["from_ms"] <= ms and (gap["to_ms"] is None or ms <= gap["to_ms"]) for gap in found)
    for earlier, later in pairwise(ms for _, ms, _ in frames):
        assert later - earlier == 40 or any(gap["from_ms"] <= earlier and later <= gap["to_ms"] for gap in gaps)
    return len(own) - len(frames), told, len(wrong)


@pytest.mark.parametrize("noise", [True, False], ids=["noise", "zeros"])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.9])
@pytest.mark.parametrize("kind", RECIPES)
def test_what_was_overwritten_is_a_gap_as_long_as_that(kind: str, share: float, noise: bool, folder: Path) -> None:
    for length in (0.01, 0.05, 0.09):
        lost, told, wrong = missing(overwritten(recording(folder, kind), share, length, noise))
        assert lost <= told <= lost + 2 + DELAY.get(kind, 0)
        assert wrong <= (kind in DELAY)


@pytest.mark.parametrize("kind", ["mjpeg", "mpeg4", "with sound"])
def test_damage_without_an_index_is_a_gap_about_as_long(kind: str, folder: Path) -> None:
    damaged = overwritten(recording(folder, kind), 0.4, 0.1, noise=True)
    frames, gaps = extracted(written(recording(folder, kind), without_index(damaged.read_bytes())), "all", None)
    assert abs(frames[-1][1] - 3960) <= 160
    [gap] = [gap for gap in gaps if gap["code"] == "damaged"]
    assert abs(gap["to_ms"] - gap["from_ms"] - 400) < 240


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.99])
@pytest.mark.parametrize("kind", RECIPES)
def test_a_recording_that_was_cut_off_is_told(kind: str, share: float, folder: Path) -> None:
    path = recording(folder, kind)
    data = without_index(path.read_bytes())
    lost, told, _ = missing(written(path, data[: int(share * len(data))]))
    assert lost <= told <= lost + 2 + DELAY.get(kind, 0)


@pytest.mark.parametrize("kind", RECIPES)
def test_a_whole_one_has_no_gap_with_or_without_an_index(kind: str, folder: Path) -> None:
    path = recording(folder, kind)
    data = path.read_bytes()
    placeholder = bytearray(without_index(data))
    placeholder[4:8] = (1 << 30).to_bytes(4, "little")
    length = data.index(b"strh") + 8 + 32
    placeholder[length : length + 4] = (1 << 30).to_bytes(4, "little")
    for each in (data, without_index(data), bytes(placeholder)):
        assert missing(written(path, each)) == (0, 0, 0)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("kind", RECIPES)
def test_where_bytes_were_removed_or_inserted_times_and_gaps_are_exact(kind: str, share: float, folder: Path) -> None:
    """Positions in the index do not hold behind that place; the lengths of chunks do."""
    path = recording(folder, kind)
    data = path.read_bytes()
    at = int(share * len(data))
    for count in (37, len(data) // 100, len(data) // 20):
        lost, told, wrong = missing(written(path, data[:at] + data[at + count :]))
        assert lost <= told <= lost + 2 + DELAY.get(kind, 0)
        assert wrong <= (kind in DELAY)
    frames, _ = extracted(written(path, data[:at] + random.Random(5).randbytes(5000) + data[at:]), "all", None)
    assert frames[-1][1] == 3960


def test_an_index_of_indices_is_read(folder: Path) -> None:
    """As OpenDML has it, for files of several gigabytes: here one, named in place of the padding in the header."""
    path = recording(folder, "mjpeg")
    data = bytearray(without_index(path.read_bytes()))
    found = pictures_of(lambda at, count: bytes(data[at : at + count]), 0, len(data), 0)
    assert found is not None
    places = [int(each) for each in found.places]
    entries = b"".join(place.to_bytes(4, "little") + data[place - 4 : place] for place in places)
    head = b"\x02\x00\x00\x01" + len(places).to_bytes(4, "little") + b"00dc" + bytes(12)
    standard = b"ix00" + (len(head) + len(entries)).to_bytes(4, "little") + head + entries
    above = b"\x04\x00\x00\x00" + (1).to_bytes(4, "little") + b"00dc" + bytes(12)
    above += len(data).to_bytes(8, "little") + len(standard).to_bytes(4, "little") + (100).to_bytes(4, "little")
    junk = data.index(b"JUNK", data.index(b"strf"))
    room = int.from_bytes(data[junk + 4 : junk + 8], "little")
    assert room >= len(above)
    data[junk : junk + 4] = b"indx"
    data[junk + 8 : junk + 8 + room] = above.ljust(room, b"\0")
    begin = len(data) * 4 // 10
    data[begin : begin + 40_000] = random.Random(4).randbytes(40_000)
    damaged = written(path, bytes(data) + standard)
    lost, told, wrong = missing(damaged)
    assert lost > 5
    assert (lost <= told <= lost + 2, wrong) == (True, 0)
    _, summary = surveyed(damaged, "all", None, OpenFile(lambda: None))
    assert summary["duration_ms"] == 4000
