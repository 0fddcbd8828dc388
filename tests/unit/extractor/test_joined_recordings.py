"""Recordings that were put together: every frame of each is delivered, and time goes on."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from tests.unit.extractor import joined
from tests.unit.extractor.reference import decode_everything, expected
from tests.unit.extractor.test_exact_frames import extracted, surveyed

from extractor.media.requests import OpenFile

SAMPLINGS = [("all", None), ("cadence", 1000), ("cadence", 40), ("cadence", 7000), ("keyframes", None)]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("joined")


@pytest.mark.parametrize("kind", joined.KINDS)
def test_every_recording_is_delivered_in_every_sampling(kind: str, folder: Path) -> None:
    parts = joined.KINDS[kind](folder)
    path, everything = joined.together(parts), joined.frames_of(parts)
    for mode, every_ms in SAMPLINGS:
        truth = expected(everything, mode, every_ms)
        frames, gaps = extracted(path, mode, every_ms)
        assert [ms for _, ms, _ in frames] == [round(each.time * 1000) for each in truth], mode
        assert [jpeg for _, _, jpeg in frames] == [each.jpeg for each in truth], mode
        assert [index for index, _, _ in frames] == list(range(len(truth)))
        assert gaps == []
    _, summary = surveyed(path, "all", None, OpenFile(lambda: None))
    slack = 100 if "edit lists" in kind else 0  # a survey does not know which picture comes first behind hidden ones
    assert abs(summary["duration_ms"] - round((everything[-1].time + joined.FRAME) * 1000)) <= slack


def test_fragments_that_begin_alike_under_one_header(folder: Path) -> None:
    parts = joined.fragments_that_begin_alike(folder)
    data = [part.read_bytes() for part in parts]
    path = folder / "one_header.mp4"
    path.write_bytes(data[0] + b"".join(each[each.index(b"moof") - 4 :] for each in data[1:]))
    frames, gaps = extracted(path, "all", None)
    assert [(ms, jpeg) for _, ms, jpeg in frames] == [
        (round(each.time * 1000), each.jpeg) for each in joined.frames_of(parts)
    ]
    assert gaps == []


def test_a_recording_that_cannot_be_opened_is_a_gap(folder: Path) -> None:
    parts = joined.KINDS["mp4"](folder)
    path = folder / "second_is_cut.mp4"
    path.write_bytes(parts[0].read_bytes() + parts[1].read_bytes()[:20_000])
    frames, gaps = extracted(path, "all", None)
    assert [ms for _, ms, _ in frames] == list(range(0, 2000, 40))
    assert gaps == [{"from_ms": 1960, "to_ms": None, "code": "unreadable"}]


def test_what_is_lost_before_the_first_keyframe_of_a_piece_is_a_gap(folder: Path) -> None:
    parts = joined.KINDS["ts that begin alike"](folder)
    second = parts[1].read_bytes()
    path = folder / "cut_in.ts"
    path.write_bytes(parts[0].read_bytes() + second[len(second) // 4 // 188 * 188 :])
    frames, gaps = extracted(path, "all", None)
    late = [ms for _, ms, _ in frames if ms > 1960]
    assert len(late) == 25
    assert [gap for gap in gaps if gap["to_ms"] == late[0]]
    assert 300 < late[0] - 1960 < 1000


def test_a_block_that_was_cut_off_is_a_gap(folder: Path) -> None:
    parts = joined.KINDS["webm"](folder)
    path = folder / "first_is_cut.webm"
    whole = parts[0].read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10] + parts[1].read_bytes())
    frames, gaps = extracted(path, "all", None)
    times = [ms for _, ms, _ in frames]
    assert len(times) > 75
    lost = [(earlier, later) for earlier, later in pairwise(times) if later - earlier != 40]
    assert [(gap["from_ms"], gap["to_ms"]) for gap in gaps] == lost


LONG_GROUP = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 250"


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_clock_that_is_set_back_in_the_midst_of_a_group_loses_nothing(b_frames: int, folder: Path) -> None:
    """The pictures go on: only those of another recorder cannot be decoded without their keyframe."""
    whole = joined.piece(folder, f"group_{b_frames}.ts", f"{LONG_GROUP} -bf {b_frames}", seconds=4)
    path = folder / "set_back.ts"
    path.write_bytes(set_back(whole.read_bytes(), picture=60, seconds=1.5))
    frames, gaps = extracted(path, "all", None)
    assert [jpeg for _, _, jpeg in frames] == [each.jpeg for each in decode_everything(whole)]
    assert [ms for _, ms, _ in frames] == list(range(0, 4000, 40))
    assert gaps == []


def test_a_matroska_clock_that_is_set_back_in_the_midst_of_a_group_loses_nothing(folder: Path) -> None:
    whole = joined.piece(folder, "group.mkv", f"{LONG_GROUP} -bf 0 -cluster_time_limit 500", seconds=4)
    data = bytearray(whole.read_bytes())
    clusters = [found.end() for found in re.finditer(rb"\x1f\x43\xb6\x75.{1,8}?\xe7\x82", data, re.DOTALL)]
    for at in clusters[3:]:
        time = int.from_bytes(data[at : at + 2], "big") - 1000
        data[at : at + 2] = time.to_bytes(2, "big")
    path = folder / "set_back.mkv"
    path.write_bytes(bytes(data))
    frames, gaps = extracted(path, "all", None)
    assert [jpeg for _, _, jpeg in frames] == [each.jpeg for each in decode_everything(whole)]
    assert [ms for _, ms, _ in frames] == list(range(0, 4000, 40))
    assert [gap["code"] for gap in gaps] in ([], ["truncated"])


def set_back(stream: bytes, picture: int, seconds: float) -> bytes:
    """A transport stream with a clock that is that much earlier from a picture on, in the order of decoding."""
    data, ticks, pictures = bytearray(stream), round(seconds * 90_000), 0
    for at in range(0, len(data), 188):
        begins = data[at + 1] & 0x40 and int.from_bytes(data[at + 1 : at + 3], "big") & 0x1FFF == 0x100
        if not begins:
            continue
        pes = at + 4 + (1 + data[at + 4] if data[at + 3] & 0x20 else 0)
        pictures += 1
        if pictures > picture:
            for stamp in range(pes + 9, pes + 9 + (5 if data[pes + 7] & 0xC0 == 0x80 else 10), 5):
                bits = int.from_bytes(data[stamp : stamp + 5], "big")
                time = (bits >> 3 & 7 << 30 | bits >> 2 & 0x7FFF << 15 | bits >> 1 & 0x7FFF) - ticks
                bits = bits >> 36 << 36 | (time >> 30 & 7) << 33 | (time >> 15 & 0x7FFF) << 17 | (time & 0x7FFF) << 1
                data[stamp : stamp + 5] = (bits | 1 << 32 | 1 << 16 | 1).to_bytes(5, "big")
    return bytes(data)
