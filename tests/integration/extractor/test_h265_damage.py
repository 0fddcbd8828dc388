"""Damaged streams of H.265: every picture is as it was, at its time, or lies in a gap. Whole ones have no gap.

Its decoder finds no damage inside a picture, so what a container and the pictures' own headers show is all there is:
noise that lies within the slices of one picture is left out here, as nothing shows that.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.extractor import clips
from tests.unit.extractor.reference import decode_everything
from tests.unit.extractor.test_exact_frames import extracted, surveyed
from tests.unit.extractor.test_propagation import sequential

from extractor.media.requests import OpenFile

X265 = "-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=none:pools=1:frame-threads=1"
CLOSED = f"{X265}:keyint=25:min-keyint=25:bframes=3:open-gop=0:b-pyramid=0"
OPEN = f"{X265}:keyint=25:min-keyint=25:bframes=3:open-gop=1:b-pyramid=1:b-adapt=0"
FRAGMENTS = "-movflags frag_keyframe+empty_moov+default_base_moof"
DAMAGED = {
    "closed.ts": CLOSED,
    "open.ts": OPEN,
    "closed.mpg": f"{CLOSED} -f vob",
    "open.mpg": f"{OPEN} -f vob",
    "fragments.mp4": f"{CLOSED} {FRAGMENTS}",
    "open.mkv": OPEN,
}
WHOLE = {
    **DAMAGED,
    "layers.mp4": f"{X265}:keyint=25:bframes=3:temporal-layers=3:open-gop=0",
    "slices.ts": f"{X265}:keyint=25:bframes=2:slices=4",
    "fields.ts": f"{X265}:keyint=25:bframes=2:interlace=tff",
    "references.mkv": f"{X265}:keyint=50:bframes=4:ref=5:b-pyramid=1:weightb=1",
    "one.mp4": f"{X265}:keyint=-1:bframes=3",
    "refresh.ts": f"{X265}:keyint=25:bframes=0:intra-refresh=1",
    "hashes.mp4": f"{X265}:keyint=25:bframes=3:hash=1",
}
PACKET = 188


def cut(count: int) -> Callable[[bytes, random.Random], bytes]:
    """So many packets of a transport stream, or as many bytes, are missing."""
    return lambda data, chance: data[: (at := place(data, chance))] + data[at + count * PACKET :]


def dropped(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) * 2 // 10, len(data) * 8 // 10)
    return data[:at] + data[at + 1000 :]


def inserted(data: bytes, chance: random.Random) -> bytes:
    at = place(data, chance)
    return data[:at] + chance.randbytes(5 * PACKET) + data[at:]


def zeroed(count: int) -> Callable[[bytes, random.Random], bytes]:
    def damage(data: bytes, chance: random.Random) -> bytes:
        at = place(data, chance)
        return data[:at] + bytes(count) + data[at + count :]

    return damage


def place(data: bytes, chance: random.Random) -> int:
    return chance.randrange(len(data) * 2 // 10, len(data) * 8 // 10) // PACKET * PACKET


KINDS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "a packet is missing": cut(1),
    "five packets are missing": cut(5),
    "sixteen packets are missing": cut(16),
    "bytes are missing": dropped,
    "a foreign block": inserted,
    "zeros": zeroed(512),
    "a sector of zeros": zeroed(4096),
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("h265")


def recorded(folder: Path, name: str, recipe: str) -> Path:
    """100 pictures with noise, each with a number of its own."""
    path = folder / name
    if not path.exists():
        source = f"testsrc2=size={clips.SIZE}:rate={clips.RATE}:duration=4,noise=alls=8:allf=t:all_seed=7"
        clips.ffmpeg("-f", "lavfi", "-i", source, *recipe.split(), str(path))
    return path


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_stream_has_no_gap(name: str, folder: Path) -> None:
    path = recorded(folder, name, WHOLE[name])
    expected = [each.jpeg for each in decode_everything(path)]
    for frames, gaps in (planned(path), sequential(path)):
        assert [jpeg for _, jpeg in frames] == expected
        assert [ms for ms, _ in frames] == [number * 1000 // clips.RATE for number in range(100)]
        assert gaps == []


def planned(path: Path) -> tuple[list[tuple[int, bytes]], list[dict[str, Any]]]:
    frames, gaps = extracted(path, "all", None)
    return [(ms, jpeg) for _, ms, jpeg in frames], gaps


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DAMAGED)
def test_what_differs_or_is_missing_lies_in_a_gap(name: str, kind: str, folder: Path) -> None:
    whole = recorded(folder, name, DAMAGED[name])
    truth = {number * 1000 // clips.RATE: each.jpeg for number, each in enumerate(decode_everything(whole))}
    for seed in range(2):
        path = folder / f"damaged_{name}"
        path.write_bytes(KINDS[kind](whole.read_bytes(), random.Random(seed)))
        frames, found = sequential(path)
        gaps = [*surveyed(path, "all", None, OpenFile(lambda: None))[1]["gaps"], *found]
        right = {ms for ms, jpeg in frames if truth.get(ms) == jpeg}
        untold = [ms for ms in (truth.keys() | dict(frames)) - right if not any(holds(gap, ms) for gap in gaps)]
        assert sorted(untold) == [], (seed, gaps)


def holds(gap: dict[str, Any], ms: int) -> bool:
    """A gap is between two good pictures; what was cut off begins where the last picture ends."""
    after = gap["from_ms"] <= ms if gap["code"] in ("truncated", "unread_bytes") else gap["from_ms"] < ms
    return after and (gap["to_ms"] is None or ms < gap["to_ms"])
