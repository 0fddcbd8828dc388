"""Files of one container behind those of another, and bytes that are no recording: read, or told."""

import os
import random
from itertools import pairwise, permutations
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.unit.extractor import awkward, clips, joined
from tests.unit.extractor.reference import decode_everything
from tests.unit.extractor.test_exact_frames import Sent, extracted, request, surveyed

from extractor.media import packets, recordings
from extractor.media.matroska import holes
from extractor.media.recordings import parts_of
from extractor.media.requests import OpenFile, extract_segment
from extractor.media.source import Source, open_source
from extractor.media.survey import survey
from extractor.model.plan import SEQUENTIAL

JUNK = random.Random(1).randbytes(3 << 20)
RECIPES = {
    "mp4": joined.B_FRAMES,
    "mkv": joined.B_FRAMES,
    "avi": "-c:v mpeg4 -q:v 4",
    "ts": joined.B_FRAMES,
    "webm": joined.VP9,
    "mpg": "-c:v mpeg2video -g 12 -b:v 600k -f vob",
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parts")


def parts(folder: Path, *kinds: str) -> list[Path]:
    """One recording of each kind, each in colours of its own."""
    return [
        joined.piece(folder, f"part_{number}.{kind}", RECIPES[kind], hue=70 * number, seconds=1)
        for number, kind in enumerate(kinds)
    ]


def written(folder: Path, *data: bytes) -> Path:
    path = folder / "written"
    path.write_bytes(b"".join(data))
    return path


def told(path: Path) -> list[tuple[str, int | None]]:
    _, summary = surveyed(path, "cadence", 1000, OpenFile(lambda: None))
    return [(gap["code"], gap.get("bytes")) for gap in summary["gaps"]]


def parts_in(path: Path) -> list[tuple[int, int, bool]]:
    with path.open("rb") as file:
        return [(part.begin, part.end, part.readable) for part in parts_of(file.fileno(), lambda: None)]


THREE = [("avi", "mkv", "ts"), ("mp4", "ts", "mp4"), *((kind, other, kind) for kind, other in permutations(RECIPES, 2))]


@pytest.mark.parametrize("kinds", [*permutations(RECIPES, 2), *THREE])
def test_recordings_in_other_containers_are_delivered(kinds: tuple[str, ...], folder: Path) -> None:
    found = parts(folder, *kinds)
    path = written(folder, *(part.read_bytes() for part in found))
    frames, gaps = extracted(path, "all", None)
    truth = joined.frames_of(found)
    assert [round(each.time * 1000) for each in truth] == pytest.approx([ms for _, ms, _ in frames], abs=1)
    assert [each.jpeg for each in truth] == [jpeg for _, _, jpeg in frames]
    assert gaps == []


@pytest.mark.parametrize("kind", RECIPES)
def test_bytes_behind_a_recording_that_are_none_are_told(kind: str, folder: Path) -> None:
    [part] = parts(folder, kind)
    frames, gaps = extracted(written(folder, part.read_bytes(), JUNK), "all", None)
    assert len(frames) == 25
    assert [(gap["code"], gap["to_ms"]) for gap in gaps][:1] == [("unread_bytes", None)]
    assert len(JUNK) - 400 < gaps[0]["bytes"] <= len(JUNK)


@pytest.mark.parametrize("kind", RECIPES)
def test_a_recording_behind_other_bytes_is_delivered_and_they_are_told(kind: str, folder: Path) -> None:
    first, second = parts(folder, "mp4", kind)
    path = written(folder, first.read_bytes(), JUNK, second.read_bytes())
    frames, gaps = extracted(path, "all", None)
    assert len(frames) == 50
    assert [(gap["code"], gap["bytes"]) for gap in gaps] == [("unread_bytes", len(JUNK))]


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize(
    "trailer",
    [b"", bytes(2 << 20), b"\xff" * 100_000, b"TAG" + bytes(125), b"APETAGEX" + JUNK[:1000], b"\x00\x00\x00"],
    ids=["none", "zeros", "ones", "ID3", "APE", "odd bytes"],
)
def test_padding_and_trailers_are_not_worth_a_word(kind: str, trailer: bytes, folder: Path) -> None:
    [part] = parts(folder, kind)
    path = written(folder, part.read_bytes(), trailer)
    assert told(path) == []
    assert len(parts_in(path)) == 1


@pytest.mark.parametrize("box", [b"free", b"skip", b"uuid", b"mfra", b"GPS ", b"udta"])
def test_boxes_behind_an_mp4_belong_to_it(box: bytes, folder: Path) -> None:
    [part] = parts(folder, "mp4")
    path = written(folder, part.read_bytes(), (8 + 50_000).to_bytes(4, "big"), box, JUNK[:50_000])
    assert (told(path), len(parts_in(path))) == ([], 1)


@pytest.mark.parametrize("name", clips.RECIPES)
def test_a_usual_file_has_one_part(name: str, folder: Path) -> None:
    path = clips.make(name, folder)
    assert parts_in(path) == [(0, path.stat().st_size, True)]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", ["faststart.mp4", "fragmented.mp4", "bframes.mkv", "mpeg4.avi", "offset.ts"])
def test_a_file_that_was_cut_off_has_one_part(name: str, share: float, folder: Path) -> None:
    path = clips.truncated(clips.make(name, folder), share)
    assert len(parts_in(path)) == 1


def test_damage_makes_no_parts(folder: Path) -> None:
    for name in ("faststart.mp4", "open_gop_hevc.mp4", "hevc10.mkv", "offset.ts", "mpeg2.ts", "mpeg4.avi"):
        assert len(parts_in(awkward.corrupted(folder, name))) == 1, name


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_a_recording_behind_one_that_was_cut_off(kind: str, folder: Path) -> None:
    """What the first declares and does not hold is a gap as long as that, and time goes on behind it."""
    whole = clips.make("faststart.mp4", folder)
    [second] = parts(folder, kind)
    path = written(folder, clips.truncated(whole, 0.5).read_bytes(), second.read_bytes())
    frames, gaps = extracted(path, "all", None)
    times = [ms for _, ms, _ in frames]
    assert times[-25:] == list(range(6000, 7000, 40))
    assert (gaps[-1]["from_ms"], gaps[-1]["to_ms"]) == (times[-26], 6000)
    assert 2800 < times[-26] < 3200


def test_recordings_are_turned_as_each_says(folder: Path) -> None:
    """Of phones: one held upright, one on its side."""
    [first, _] = parts(folder, "mp4", "mp4")
    turned = [folder / f"turned_{degrees}.mp4" for degrees in (0, 90, 180)]
    for path, degrees in zip(turned, (0, 90, 180), strict=True):
        clips.ffmpeg("-display_rotation", str(-degrees), "-i", str(first), "-c", "copy", str(path))
    frames, _ = extracted(written(folder, *(path.read_bytes() for path in turned)), "all", None)
    shown = [cv2.imdecode(np.frombuffer(frames[at][2], np.uint8), 1) for at in (0, 25, 50)]
    assert [picture.shape[:2] for picture in shown if picture is not None] == [(108, 192), (192, 108), (108, 192)]
    upright = [np.rot90(picture, turns) for picture, turns in zip(shown, (0, 1, 2), strict=True) if picture is not None]
    assert max(float(np.abs(each.astype(int) - upright[0]).mean()) for each in upright) < 3


def test_a_matroska_of_unknown_sizes_is_walked_through(folder: Path) -> None:
    live = joined.piece(folder, "live.webm", f"{joined.VP9} -f webm -live 1")
    assert parts_in(live) == [(0, live.stat().st_size, True)]
    assert told(written(folder, live.read_bytes(), JUNK)) == [("unread_bytes", len(JUNK))]


def test_an_avi_whose_length_was_never_written(folder: Path) -> None:
    data = bytearray(parts(folder, "avi")[0].read_bytes())
    for length in (0, 1000, 0xFFFFFFFF):
        data[4:8] = length.to_bytes(4, "little")
        path = written(folder, bytes(data))
        frames, gaps = extracted(path, "all", None)
        assert (len(frames), gaps) == (25, []), length


@pytest.mark.parametrize("filling", [bytes(500_000), JUNK[:500_000]], ids=["zeros", "noise"])
def test_a_transport_stream_goes_on_behind_what_is_none(filling: bytes, folder: Path) -> None:
    path = clips.make("offset.ts", folder)
    data = path.read_bytes()
    middle = len(data) // 2 // 188 * 188
    path = written(folder, data[:middle], filling, data[middle + 18_800 :])
    sent = Sent()
    straight = {"kind": SEQUENTIAL, "first_index": 0, "wanted": (), "seek": None, "after": None, "start": None}
    extract_segment(request(path, "all", None, **straight), sent, OpenFile(lambda: None))
    times, gaps = [frame["media_ms"] for frame in sent.all("frame")], sent.all("done")[0]["gaps"]
    assert times[-1] == 5960
    lost = [(earlier, later) for earlier, later in pairwise(times) if later - earlier != 40]
    for earlier, later in lost:
        assert any(gap["from_ms"] <= earlier and later <= gap["to_ms"] for gap in gaps), (earlier, later, gaps)


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("h264.mpg", f"{joined.B_FRAMES} -f vob"),
        ("hevc.mpg", "-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1:bframes=3 -f vob"),
        ("mpeg1.mpg", "-c:v mpeg1video -bf 2 -g 12 -f mpeg"),
        ("late.mpg", "-c:v mpeg2video -bf 2 -g 12 -output_ts_offset 3600 -f dvd"),
    ],
)
def test_program_streams_give_every_frame_and_the_whole_duration(name: str, recipe: str, folder: Path) -> None:
    """A pack may hold several pictures and the time of one: the survey of such a file ends too early."""
    path = joined.piece(folder, name, recipe)
    frames, gaps = extracted(path, "all", None)
    assert ([ms for _, ms, _ in frames], gaps) == (list(range(0, 2000, 40)), [])
    open_file = OpenFile(lambda: None)
    [segment], summary = surveyed(path, "all", None, open_file)
    sent = Sent()
    extract_segment(request(path, "all", None, start=summary["start"], **segment), sent, open_file)
    assert (sent.all("done")[0]["ends_ms"] or summary["duration_ms"]) == 2000


def test_a_transport_stream_that_goes_on_later_has_a_pause_and_no_gap(folder: Path) -> None:
    """Its counters break there, and FFmpeg marks the last picture before it as corrupt, which is whole."""
    found = joined.pieces(folder, "pause", "ts", joined.B_FRAMES, joined.at(joined.B_FRAMES, 60))
    path = joined.together(found)
    sent = Sent()
    straight = {"kind": SEQUENTIAL, "first_index": 0, "wanted": (), "seek": None, "after": None}
    _, summary = surveyed(path, "all", None, OpenFile(lambda: None))
    extract_segment(request(path, "all", None, start=summary["start"], **straight), sent, OpenFile(lambda: None))
    times = [frame["media_ms"] for frame in sent.all("frame")]
    assert (len(times), sent.all("done")[0]["gaps"]) == (100, [])
    assert times[50] - times[49] > 50_000


def test_pictures_with_stamps_in_the_order_of_decoding_are_all_delivered(folder: Path) -> None:
    whole = clips.make("bframes.mp4", folder)
    path = folder / "decode_order.mkv"
    clips.ffmpeg("-i", str(whole), "-c", "copy", "-bsf:v", "setts=pts=DTS", str(path))
    frames, _ = extracted(path, "all", None)
    assert len(frames) == 150
    assert [jpeg for _, _, jpeg in frames] == [jpeg for _, _, jpeg in extracted(whole, "all", None)[0]]


@pytest.mark.parametrize("recipe", ["vp9.webm", "vp8.webm", "bframes.mkv", "live.webm"])
@pytest.mark.parametrize("share", [0.4, 0.6])
def test_what_damage_takes_out_of_a_matroska_is_a_gap(recipe: str, share: float, folder: Path) -> None:
    """FFmpeg goes on with the next cluster, and frames of VP9 behind it do not tell that some are missing."""
    live = f"{joined.VP9} -f webm -live 1 -cluster_time_limit 500"
    path = joined.piece(folder, "l.webm", live, seconds=6) if recipe == "live.webm" else clips.make(recipe, folder)
    data, at = path.read_bytes(), int(path.stat().st_size * share)
    frames, gaps = extracted(written(folder, data[:at], bytes(3000), data[at + 3000 :]), "all", None)
    times = [ms for _, ms, _ in frames]
    for earlier, later in pairwise(times):
        told = any(gap["from_ms"] <= earlier and (gap["to_ms"] is None or later <= gap["to_ms"]) for gap in gaps)
        assert later - earlier <= 41 or told, (earlier, later, gaps)
    assert gaps or len(frames) == 150  # zeros inside of one block: nothing is missing


@pytest.mark.parametrize("name", [name for name in clips.RECIPES if name.endswith(("mkv", "webm"))])
def test_a_whole_matroska_has_no_holes(name: str, folder: Path) -> None:
    data = clips.make(name, folder).read_bytes()
    assert holes(lambda at, count: data[at : at + count], 0, len(data)) == []


@pytest.mark.parametrize("kind", ["mpg", "ts", "mkv", "avi", "mp4"])
def test_a_file_that_ends_at_any_byte_has_one_part(kind: str, folder: Path) -> None:
    data = parts(folder, kind)[0].read_bytes()
    for length in range(len(data) - 3000, len(data), 7):
        assert len(parts_in(written(folder, data[:length]))) == 1, length


@pytest.mark.parametrize("recipe", [joined.B_FRAMES, joined.VP9])
def test_what_damage_takes_from_the_last_cluster_is_a_gap_to_the_end(recipe: str, folder: Path) -> None:
    data = bytearray(joined.piece(folder, f"one_cluster_{len(recipe)}.mkv", recipe).read_bytes())
    begin = len(data) * 6 // 10
    data[begin : begin + len(data) // 10] = JUNK[: len(data) // 10]
    frames, gaps = extracted(written(folder, bytes(data)), "all", None)
    assert frames[-1][1] < 1900
    assert (gaps[-1]["to_ms"], gaps[-1]["code"]) == (None, "damaged")
    assert gaps[-1]["from_ms"] <= frames[-1][1]


def signs_of_life(monkeypatch: pytest.MonkeyPatch, path: Path) -> tuple[int, list[int]]:
    """How many a survey gives in all, and how many it had given whenever it opened a recording."""
    beats, opened = 0, list[int]()

    def beat() -> None:
        nonlocal beats
        beats += 1

    def opening(file: int, recording: tuple[int, int] | None = None) -> Source:
        opened.append(beats)
        return open_source(file, recording)

    monkeypatch.setattr(packets, "open_source", opening)
    with path.open("rb") as file:
        survey(file.fileno(), beat)
    return beats, opened


def test_the_walk_over_a_file_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """It may be long, on a slow store longer than a decoder may be silent."""
    [mkv], [ts], [mp4] = parts(folder, "mkv"), parts(folder, "ts"), parts(folder, "mp4")
    for data in (mp4.read_bytes() + JUNK, ts.read_bytes() * 40, mkv.read_bytes()):
        _, opened = signs_of_life(monkeypatch, written(folder, data))
        assert opened[0] >= max(3, len(data) >> 20)
    silent = written(folder, ts.read_bytes(), bytes(20 << 20), ts.read_bytes())
    beats, opened = signs_of_life(monkeypatch, silent)
    assert beats - opened[0] > (20 << 20) // (64 << 10)  # FFmpeg gives up every 64 KiB


def test_a_box_longer_than_any_file_is_survived(folder: Path) -> None:
    [first, second] = parts(folder, "mp4", "mp4")
    for length in (1 << 63, (1 << 64) - 1, (1 << 63) - 5000):
        box = b"\0\0\0\x01free" + length.to_bytes(8, "big")
        path = written(folder, first.read_bytes(), box, second.read_bytes())
        assert len(extracted(path, "all", None)[0]) == 50


@pytest.mark.parametrize("kind", ["mkv", "avi", "mp4", "ts"])
def test_what_follows_a_program_stream_that_was_cut_at_its_beginning(kind: str, folder: Path) -> None:
    first, second = parts(folder, "mpg", kind)
    frames, gaps = extracted(written(folder, first.read_bytes()[3000:], second.read_bytes()), "all", None)
    assert [jpeg for _, _, jpeg in frames][-25:] == [each.jpeg for each in joined.frames_of([second])]
    assert {gap["code"] for gap in gaps} <= {"damaged"}


PROGRAM_STREAMS = {
    "mpeg2": "-c:v mpeg2video -g 12 -b:v 600k -f vob",
    "mpeg1": "-c:v mpeg1video -g 12 -b:v 600k -f mpeg",
    "h264": f"{joined.B_FRAMES} -f vob",
    "hevc": "-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1:bframes=3 -f vob",
}


@pytest.mark.parametrize("codecs", [*permutations(PROGRAM_STREAMS, 2)])
def test_program_streams_of_two_codecs_are_both_delivered(codecs: tuple[str, ...], folder: Path) -> None:
    """The decoder of the first skips the packets of the second, and most say nothing."""
    pieces = [
        joined.piece(folder, f"ps_{codec}_{number}.mpg", PROGRAM_STREAMS[codec], hue=70 * number, seconds=1)
        for number, codec in enumerate(codecs)
    ]
    frames, gaps = extracted(joined.together(pieces), "all", None)
    assert ([jpeg for _, _, jpeg in frames], gaps) == ([each.jpeg for each in joined.frames_of(pieces)], [])
    assert [ms for _, ms, _ in frames] == list(range(0, 2000, 40))
    plain = written(folder, *(undescribed(piece.read_bytes()) for piece in pieces))
    assert extracted(plain, "all", None) == (frames, gaps)


def undescribed(stream: bytes) -> bytes:
    """A program stream without system headers and maps, as some recorders write it."""
    kept, at = bytearray(), 0
    while at < len(stream):
        code, length = stream[at + 3], 6 + int.from_bytes(stream[at + 4 : at + 6], "big")
        if code == 0xBA:
            length = 12 if stream[at + 4] >> 4 == 2 else 14 + (stream[at + 13] & 7)
        if code not in (0xBB, 0xBC):
            kept += stream[at : at + length]
        at += length
    return bytes(kept)


@pytest.mark.parametrize("share", [0.31, 0.62, 0.93])
@pytest.mark.parametrize("kind", ["offset.ts", "mpeg2.mpg"])
def test_a_stream_that_ends_within_a_packet_was_cut_off(kind: str, share: float, folder: Path) -> None:
    """How much is missing it does not say. Its last picture is not whole."""
    whole = clips.make(kind, folder)
    data, path = whole.read_bytes(), folder / f"cut_{kind}"
    path.write_bytes(data[: int(len(data) * share) // 188 * 188 + 100])
    frames, gaps = extracted(path, "all", None)
    assert {"truncated"} <= {gap["code"] for gap in gaps}
    truth = {round(each.time * 1000): each.jpeg for each in decode_everything(whole)}
    for ms, jpeg in ((ms, jpeg) for _, ms, jpeg in frames):
        assert truth[ms] == jpeg or any(gap["from_ms"] <= ms for gap in gaps), ms
    assert extracted(whole, "all", None)[1] == []


@pytest.mark.parametrize("share", [0.7, 0.8, 0.9])
@pytest.mark.parametrize("kind", ["faststart.mp4", "bframes.mkv", "vp9.webm", "hevc10.mkv"])
def test_a_short_end_that_is_missing_is_told_where_the_file_was_cut_off(kind: str, share: float, folder: Path) -> None:
    path = clips.truncated(clips.make(kind, folder, seconds=4), share)
    sent, [_, summary] = Sent(), surveyed(path, "all", None, OpenFile(lambda: None))
    straight = {"kind": SEQUENTIAL, "first_index": 0, "wanted": (), "seek": None, "after": None}
    extract_segment(request(path, "all", None, start=summary["start"], **straight), sent, OpenFile(lambda: None))
    gaps = summary["gaps"] + sent.all("done")[0]["gaps"]
    assert [gap["code"] for gap in summary["gaps"]] == ["truncated"]
    told = sum((4000 if gap["to_ms"] is None else gap["to_ms"]) - gap["from_ms"] for gap in gaps) // 40
    lost = 100 - len(sent.all("frame"))
    assert lost <= told <= lost + 6  # where pictures are reordered the last ones may be refused as well


def test_what_was_cut_off_is_told_before_what_follows_and_cannot_be_opened(folder: Path) -> None:
    """One gap up to the end that the first declares: time goes on there."""
    whole = clips.make("faststart.mp4", folder)
    second, third = parts(folder, "mp4", "mkv")
    data = clips.truncated(whole, 0.5).read_bytes()
    path = written(folder, data, second.read_bytes()[:10_000], third.read_bytes())
    frames, gaps = extracted(path, "all", None)
    assert [ms for _, ms, _ in frames][-25:] == list(range(6000, 7000, 40))
    assert [(gap["code"], gap["to_ms"]) for gap in gaps if gap["to_ms"] != 2920] == [("truncated", 6000)]


@pytest.mark.parametrize("kind", ["mp4", "mkv", "avi"])
def test_what_is_behind_very_many_recordings_is_told(kind: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(recordings, "MAX_PARTS", 3)
    [part] = parts(folder, kind)
    path = written(folder, part.read_bytes() * 5)
    frames, gaps = extracted(path, "all", None)
    assert len(frames) == 75
    assert [(gap["code"], gap["to_ms"], gap["bytes"]) for gap in gaps] == [
        ("unread_bytes", None, 2 * part.stat().st_size)
    ]


def test_a_file_of_many_parts_is_read_about_once(folder: Path) -> None:
    for kinds in permutations(["ts", "mpg", "avi"], 2):
        found = [part.read_bytes() for part in parts(folder, *kinds)]
        path, taken = written(folder, *found * 40), 0
        with path.open("rb") as file:

            def counted(at: int, count: int) -> bytes:
                nonlocal taken
                data = os.pread(file.fileno(), count, at)
                taken += len(data)
                return data

            walk = recordings._Walk(counted, path.stat().st_size)
            assert len(walk.parts()) == 80
        assert taken < 4 * path.stat().st_size, kinds
