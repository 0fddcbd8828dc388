"""Damage spreads to the pictures that refer to it, in the order of decoding, until the next keyframe."""

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from tests.unit.extractor import clips
from tests.unit.extractor.reference import decode_everything
from tests.unit.extractor.test_exact_frames import Sent, request, surveyed

from extractor.media.packets import PacketReader, open_recordings
from extractor.media.propagation import Propagation
from extractor.media.requests import OpenFile, extract_segment
from extractor.media.selective import PlanBroken
from extractor.media.sequential import SequentialDecoder
from extractor.model.plan import SEQUENTIAL
from extractor.model.sampling import Sampling


def suspects(damage: Propagation, count: int) -> list[int]:
    return [number for number in range(count) if damage.is_suspect(number)]


def group(damage: Propagation, *times: int, **of_first: bool) -> None:
    for at, time in enumerate(times):
        damage.take(time, at == 0, **(of_first if at == 0 else {}))


def test_what_is_missing_spreads_until_the_next_keyframe() -> None:
    damage = Propagation()
    group(damage, 0, 1, 2)
    damage.take(4, False, missing=True)
    damage.take(5, False)
    group(damage, 6, 7)
    assert suspects(damage, 7) == [3, 4]


def test_pictures_that_lead_a_keyframe_refer_to_both_sides() -> None:
    damage = Propagation()
    group(damage, 0, 1)
    damage.take(2, False, damaged=True)
    group(damage, 6, 4, 5, 9, 8)
    assert suspects(damage, 8) == [2, 4, 5]


def test_what_is_missing_before_a_keyframe_does_not_spread_over_it_and_its_own_damage_does() -> None:
    missing, damaged = Propagation(), Propagation()
    group(missing, 0, 1, missing=True)
    group(damaged, 0, 1, damaged=True)
    assert (suspects(missing, 2), suspects(damaged, 2)) == ([], [0, 1])


def test_damage_that_the_decoder_finds_later_spreads_over_what_was_decoded_since() -> None:
    damage = Propagation()
    group(damage, 0, 3, 1, 2)
    group(damage, 4, 5)
    damage.lose(1)
    assert suspects(damage, 6) == [1, 2, 3]
    alone = Propagation()
    group(alone, 0, 3, 1, 2)
    alone.lose(2, alone=True)
    assert suspects(alone, 4) == [2]


def test_a_picture_that_refers_to_none_ends_it_though_its_container_did_not_say_so() -> None:
    damage = Propagation()
    damage.take(0, True)
    damage.take(1, False, missing=True)
    damage.take(2, False)
    damage.take(3, False)
    damage.refresh(2)
    assert suspects(damage, 4) == [1]
    assert not damage.is_suspect(None)


def test_a_number_that_is_long_past_counts_as_the_latest() -> None:
    damage = Propagation()
    group(damage, *range(200))
    damage.lose(3)
    assert not damage.is_suspect(3)
    damage.take(200, False, missing=True)
    assert damage.is_suspect(3)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("propagation")


def sequential(path: Path) -> tuple[list[tuple[int, bytes]], list[dict[str, int]]]:
    sent = Sent()
    straight = {"kind": SEQUENTIAL, "first_index": 0, "wanted": (), "seek": None, "after": None}
    _, summary = surveyed(path, "all", None, OpenFile(lambda: None))
    extract_segment(request(path, "all", None, start=summary["start"], **straight), sent, OpenFile(lambda: None))
    frames = [
        (fields["media_ms"], data[: fields["size_bytes"]]) for name, fields, data in sent.messages if name == "frame"
    ]
    return frames, sent.all("done")[0]["gaps"]


@pytest.mark.parametrize("name", ["faststart.mp4", "mpeg2.ts", "vp9.webm", "h264.avi"])
def test_a_picture_that_differs_is_in_a_gap(name: str, folder: Path) -> None:
    """Noise over a few pictures: everything behind it in its group is other than it was."""
    whole = clips.make(name, folder, seconds=2)
    frames, gaps = sequential(noise_over(whole))
    truth = {round(each.time * 1000): each.jpeg for each in decode_everything(whole)}
    differ = [ms for ms, jpeg in frames if truth.get(ms) != jpeg]
    assert gaps
    for ms in differ:
        assert any(gap["from_ms"] <= ms and (gap["to_ms"] is None or ms <= gap["to_ms"]) for gap in gaps), (ms, gaps)
    assert frames[-1] in truth.items()


def noise_over(whole: Path) -> Path:
    data, path = bytearray(whole.read_bytes()), whole.with_name(f"noise_over_{whole.name}")
    begin = len(data) * 45 // 100
    data[begin : begin + 1200] = random.Random(2).randbytes(1200)
    path.write_bytes(bytes(data))
    return path


def test_two_decoders_in_one_process_do_not_take_numbers_from_each_other(folder: Path) -> None:
    path = clips.make("bframes.mp4", folder, seconds=2)
    with path.open("rb") as one, path.open("rb") as other:
        first, second = (known(decoder_of(file.fileno())) for file in (one, other))
        assert [*islice(first, 10), *second, *first] == 100 * [True]


def known(decoder: SequentialDecoder) -> Iterator[bool]:
    """Of each frame, whether it has its number."""
    return (frame.opaque is not None for _, frame in decoder.frames(None, None))


def decoder_of(file: int) -> SequentialDecoder:
    reader = PacketReader(*open_recordings(file, lambda: None), lambda: None)
    return SequentialDecoder(reader, Sampling("all", None), None, lambda: None)


def test_a_plan_breaks_at_damage_in_a_frame_that_is_not_wanted(folder: Path) -> None:
    """Those that are wanted refer to it."""
    data = bytearray(clips.make("one_gop.mp4", folder, seconds=2).read_bytes())
    begin = len(data) * 30 // 100
    data[begin : begin + 100] = random.Random(2).randbytes(100)
    path = folder / "noise_one_gop.mp4"
    path.write_bytes(bytes(data))
    open_file = OpenFile(lambda: None)
    [segment], summary = surveyed(path, "cadence", 1500, open_file)
    with pytest.raises(PlanBroken):
        extract_segment(request(path, "cadence", 1500, start=summary["start"], **segment), Sent(), open_file)
