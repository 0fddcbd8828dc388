"""Admission and extraction of the same files: the same track, its duration, and no gap that is none."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.unit.extractor.clips import X264, ffmpeg, truncated

from extractor.media.requests import summary
from extractor.media.survey import survey
from ingest.admission.facts import FileLimits, Video
from ingest.admission.probe import ProbeOptions, admit

LIMITS = FileLimits(max_pixels=8192 * 4320, max_duration_ms=10_000, max_streams=8)
CHILD = ProbeOptions(wall_s=60, memory_mb=2048)
FILM = "-f lavfi -i testsrc2=s=320x240:r=25:d=5"
SOUND = "-f lavfi -i sine=d=200"
LATE_PICTURE = "-filter_complex [0:v]setpts=PTS+3/TB[v] -map [v] -map 1:a"
PREVIEW = "-f lavfi -i color=red:s=160x120:r=1:d={seconds}"
VP8 = "-c:v libvpx -deadline realtime -cpu-used 8"
SUBTITLES = "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:10:00,000 --> 00:10:02,000\nb\n"


def made(folder: Path, name: str, arguments: str) -> Path:
    ffmpeg(*arguments.split(), str(folder / name))
    return folder / name


def surveyed(path: Path) -> dict[str, Any]:
    """What the job is told of the file, with the width of the picture and the number of packets."""
    file = os.open(path, os.O_RDONLY)
    try:
        found, source = survey(file, lambda: None)
        told = summary(found, source.time_base, 0)
        width = source.stream.width
        source.container.close()
    finally:
        os.close(file)
    return told | {"width": width, "packets": len(found.packets.pts)}


async def same(path: Path, *, pictures: int, duration_ms: int, width: int, track: tuple[int, int]) -> Video:
    video, told = await admit(path, LIMITS, CHILD), surveyed(path)
    assert (video.duration_ms, video.width, (video.track, video.tracks)) == (duration_ms, width, track)
    assert (told["gaps"], told["width"], told["packets"]) == ([], width, pictures)
    assert told["duration_ms"] == pytest.approx(duration_ms, abs=40)
    return video


ONE_TRACK = {
    "begins_after_30_hours.mkv": f"{FILM} {X264} -g 25 -output_ts_offset 108000",
    "begins_late.mkv": f"{FILM} {X264} -g 25 -output_ts_offset 3600",
    "begins_late.mp4": f"{FILM} {X264} -g 25 -output_ts_offset 90000",
    "begins_late_fragments.mp4": f"{FILM} {X264} -g 25 -output_ts_offset 3600 -movflags frag_keyframe+empty_moov",
    "begins_late.ts": f"{FILM} {X264} -g 25 -output_ts_offset 3600",
    "long_sound.mkv": f"{FILM} {SOUND} {X264} -g 25 -c:a aac",
    "long_sound.webm": f"{FILM} {SOUND} {VP8} -c:a libopus",
    "long_sound.mp4": f"{FILM} {SOUND} {X264} -g 25 -c:a aac",
    "long_sound.ts": f"{FILM} {SOUND} {X264} -g 25 -c:a aac",
    "picture_after_sound.mkv": f"{FILM} {SOUND} {LATE_PICTURE} {X264} -c:a aac",
    "picture_after_sound.mp4": f"{FILM} {SOUND} {LATE_PICTURE} {X264} -c:a aac",
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_TRACK)
async def test_the_duration_is_that_of_the_picture_less_its_start(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, ONE_TRACK[name])
    await same(path, pictures=125, duration_ms=5000, width=320, track=(0, 1))


@pytest.mark.parametrize(("name", "codec"), [("x.mkv", "srt"), ("x.mp4", "mov_text")])
async def test_subtitles_that_go_on_are_no_picture(tmp_path: Path, name: str, codec: str) -> None:
    (tmp_path / "x.srt").write_text(SUBTITLES)
    path = made(tmp_path, name, f"{FILM} -i {tmp_path / 'x.srt'} {X264} -g 25 -c:s {codec}")
    await same(path, pictures=125, duration_ms=5000, width=320, track=(0, 1))


@pytest.mark.parametrize("name", ["long_sound.mkv", "begins_late.mkv"])
async def test_matroska_without_tags_is_measured_at_its_end(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, ONE_TRACK[name])
    path.write_bytes(path.read_bytes().replace(b"DURATION", b"DURATIOX"))
    await same(path, pictures=125, duration_ms=5000, width=320, track=(0, 1))


async def test_a_live_recording_declares_no_duration(tmp_path: Path) -> None:
    path = made(tmp_path, "live.webm", f"{FILM} {VP8} -output_ts_offset 3600 -live 1 -f webm")
    video, told = await admit(path, LIMITS, CHILD), surveyed(path)
    assert video.duration_ms is None
    assert (told["duration_ms"], told["gaps"]) == (5000, [])


@pytest.mark.parametrize("tags", [True, False])
def test_a_file_that_was_cut_off_still_says_so(tmp_path: Path, tags: bool) -> None:
    sound = "-f lavfi -i sine=d=5"
    path = made(tmp_path, "x.mkv", f"{FILM} {sound} {X264} -g 25 -c:a aac -output_ts_offset 60")
    if not tags:
        path.write_bytes(path.read_bytes().replace(b"DURATION", b"DURATIOX"))
    told = surveyed(truncated(path, 0.4))
    assert told["packets"] < 125
    assert [gap["code"] for gap in told["gaps"]] == ["truncated"]


PREVIEWS = {
    "one_picture.mp4": (1, "-c:v:0 mjpeg -c:v:1 libx264"),
    "one_picture.mkv": (1, "-c:v:0 mjpeg -c:v:1 libx264"),
    "one_picture.avi": (1, "-c:v:0 mjpeg -c:v:1 mpeg4"),
    "timed.mp4": (4, "-c:v:0 mjpeg -c:v:1 libx264"),
    "timed.mkv": (4, "-c:v:0 mjpeg -c:v:1 libx264"),
    "timed_h264.mp4": (4, "-c:v libx264"),
    "fragments.mp4": (1, "-c:v:0 mjpeg -c:v:1 libx264 -movflags frag_keyframe+empty_moov"),
}


@pytest.mark.parametrize("name", PREVIEWS)
async def test_the_film_is_taken_and_not_the_preview_before_it(tmp_path: Path, name: str) -> None:
    seconds, codecs = PREVIEWS[name]
    sources = f"{PREVIEW.format(seconds=seconds)} {FILM} -map 0:v -map 1:v -g 25"
    path = made(tmp_path, name, f"{sources} {codecs}")
    await same(path, pictures=125, duration_ms=5000, width=320, track=(1, 2))


async def test_of_two_films_the_default_is_taken_or_the_larger(tmp_path: Path) -> None:
    two = f"-f lavfi -i testsrc2=s=160x120:r=25:d=5 {FILM} -map 0:v -map 1:v {X264} -g 25"
    large = made(tmp_path, "large.ts", two)
    await same(large, pictures=125, duration_ms=5000, width=320, track=(1, 2))
    flagged = made(tmp_path, "flagged.mkv", f"{two} -disposition:v:0 default -disposition:v:1 0")
    await same(flagged, pictures=125, duration_ms=5000, width=160, track=(0, 2))
    second = made(tmp_path, "second.mkv", f"{two} -disposition:v:0 0 -disposition:v:1 default")
    await same(second, pictures=125, duration_ms=5000, width=320, track=(1, 2))


async def test_a_cover_is_counted_and_not_taken(tmp_path: Path) -> None:
    sources = f"{PREVIEW.format(seconds=1)} {FILM} -map 0:v -map 1:v -g 25 -c:v:0 mjpeg -c:v:1 libx264"
    path = made(tmp_path, "cover.mp4", f"{sources} -disposition:v:0 attached_pic")
    await same(path, pictures=125, duration_ms=5000, width=320, track=(0, 2))  # FFmpeg puts the cover last


async def test_sound_of_a_transport_stream_that_goes_on_for_minutes_makes_it_no_longer(tmp_path: Path) -> None:
    path = made(tmp_path, "a.ts", f"{FILM} {SOUND} {X264} -g 25 -c:a aac")
    assert (await admit(path, LIMITS, CHILD)).duration_ms == pytest.approx(5000, abs=80)
    assert surveyed(path)["gaps"] == []
