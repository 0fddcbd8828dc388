"""Packets without presentation times: frames come in the order and at the times that ffmpeg shows them."""

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import pytest
from tests.unit.extractor import clips
from tests.unit.extractor.reference import Shown, decode_everything, expected
from tests.unit.extractor.test_exact_frames import extracted

SAMPLINGS = [("all", None), ("cadence", 1000), ("cadence", 40), ("cadence", 7000)]
DROPPING = "-vf select='not(eq(mod(n\\,3)\\,2))' -fps_mode passthrough"
B_FRAMES = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -g 50"
AVI: dict[str, str] = {
    "h264 b-frames": B_FRAMES,
    "h264 dropped": f"{DROPPING} -c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 0 -g 50",
    "h264 b-frames dropped": f"{DROPPING} {B_FRAMES}",
    "xvid packed": "-c:v libxvid -bf 2 -q:v 4",
    "mpeg4 b-frames": "-c:v mpeg4 -bf 2 -q:v 4",
    "mpeg4 dropped": f"{DROPPING} -c:v mpeg4 -q:v 4",
    "mpeg4 b-frames dropped": f"{DROPPING} -c:v mpeg4 -bf 2 -q:v 4",
    "mpeg2 b-frames": "-c:v mpeg2video -bf 2 -q:v 4",
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("missing")


def made(folder: Path, name: str, recipe: str) -> Path:
    path = folder / name.replace(" ", "_")
    if not path.exists():
        source = f"testsrc2=size={clips.SIZE}:rate={clips.RATE}:duration={clips.SECONDS}"
        clips.ffmpeg("-f", "lavfi", "-i", source, *recipe.split(), str(path))
    return path


def shown_by_ffmpeg(path: Path) -> list[float]:
    """Times of all frames, seconds since the first, by ffmpeg's own command line."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-threads", "1", "-i", str(path)]
    command += ["-fps_mode", "passthrough", "-vf", "showinfo", "-f", "null", "-"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    times = [float(each) for each in re.findall(r"pts_time:\s*(-?[\d.]+)", said)]
    return [each - times[0] for each in times]


def check(path: Path, times: list[float]) -> None:
    """In every sampling; pictures are those that a decoder gives that is asked for all of them, in its order."""
    frames_of_all = [Fraction(round(time * clips.RATE), clips.RATE) for time in times]
    assert [float(time) for time in frames_of_all] == pytest.approx(times, abs=0.001)
    pictures = decode_everything(path)
    everything = [Shown(time, each.keyframe, each.jpeg) for time, each in zip(frames_of_all, pictures, strict=True)]
    for mode, every_ms in SAMPLINGS:
        truth = expected(everything, mode, every_ms)
        frames, gaps = extracted(path, mode, every_ms)
        assert [ms for _, ms, _ in frames] == [round(each.time * 1000) for each in truth], mode
        assert [jpeg for _, _, jpeg in frames] == [each.jpeg for each in truth], mode
        assert gaps == []


@pytest.mark.parametrize("name", AVI)
def test_frames_of_an_avi_have_the_times_that_ffmpeg_shows(name: str, folder: Path) -> None:
    path = made(folder, f"{name}.avi", AVI[name])
    check(path, shown_by_ffmpeg(path))


def test_dropped_frames_leave_their_time_empty(folder: Path) -> None:
    frames, _ = extracted(made(folder, "h264 dropped.avi", AVI["h264 dropped"]), "all", None)
    assert [ms for _, ms, _ in frames] == [40 * number for number in range(150) if number % 3 != 2]


@pytest.mark.parametrize("keep", [4, 50])
@pytest.mark.parametrize("b_frames", [0, 3])
def test_a_transport_stream_in_which_few_pictures_have_a_time(keep: int, b_frames: int, folder: Path) -> None:
    whole = made(folder, f"whole {b_frames}.ts", f"-c:v libx264 -preset veryfast -bf {b_frames} -g 50 -f mpegts")
    path = folder / f"few_{keep}_{b_frames}.ts"
    path.write_bytes(without_times(whole.read_bytes(), keep))
    check(path, [number / clips.RATE for number in range(150)])


def without_times(data: bytes, keep: int) -> bytes:
    """The stamps of all but every n-th picture overwritten with stuffing (ISO/IEC 13818-1, 2.4.3.6)."""
    stream, pictures = bytearray(data), 0
    for at in range(0, len(stream), 188):
        begins = at + 4 + (1 + stream[at + 4] if stream[at + 3] & 0x20 else 0)
        if not stream[at + 1] & 0x40 or stream[begins : begins + 4] != b"\0\0\1\xe0":
            continue
        if pictures % keep:
            length = stream[begins + 8]
            stream[begins + 7] &= 0x3F
            stream[begins + 9 : begins + 9 + length] = b"\xff" * length
        pictures += 1
    return bytes(stream)
