"""Every awkward kind of file: made by a recipe of `clips`, or out of such a clip by copying, joining or breaking it."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import imageio_ffmpeg
from tests.unit.extractor import clips

HOURS, SECONDS = 10, 24
INTRA_REFRESH_S = 24


@dataclass(frozen=True)
class Case:
    """A file, the sampling requested of it, its rotation, and whether it is damaged."""

    name: str
    make: Callable[[Path], Path]
    mode: str = "cadence"
    every_ms: int | None = 520
    rotation: int = 0
    damaged: bool = False


def rotated(folder: Path, clockwise: int) -> Path:
    """The same pictures with a display matrix that rotates them clockwise."""
    path = folder / f"rotated_{clockwise}.mp4"
    source = str(clips.make("bframes.mp4", folder, SECONDS))
    rotation = ["-display_rotation", str(-clockwise)] if clockwise else []
    return made(path, *rotation, "-i", source, "-c", "copy")


def resized(folder: Path, name: str) -> Path:
    """Half way the size changes, as when a recorder is reconfigured: two clips joined without coding them again."""
    path, listing = folder / f"resized_{name}", folder / f"{name}.txt"
    parts = [clips.make(name, folder, size=size) for size in (clips.SIZE, "320x180")]
    listing.write_text("".join(f"file '{part.name}'\n" for part in parts))
    return made(path, "-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy")


def black(folder: Path) -> Path:
    """Ten hours of a dark room in 2 frames a second: a minute, coded once, over and over."""
    minute = made(
        folder / "black_minute.mp4",
        *("-f", "lavfi", "-i", "color=black:size=64x36:rate=2:duration=60"),
        *f"{clips.X264} -g 20 -b:v 1k".split(),
    )
    return made(folder / "black.mp4", "-stream_loop", str(HOURS * 60 - 1), "-i", str(minute), "-c", "copy")


def intra_refresh(folder: Path) -> Path:
    """Pictures renewed column by column: what is marked as a keyframe shows nothing until all columns are new."""
    source = f"testsrc2=size=320x180:rate=25:duration={INTRA_REFRESH_S}"
    recipe = "-c:v libx264 -preset veryfast -x264-params intra-refresh=1:keyint=50"
    return made(folder / "intra_refresh.mp4", "-f", "lavfi", "-i", source, *recipe.split())


def made(path: Path, *arguments: str) -> Path:
    """What ffmpeg makes of the arguments, once."""
    if not path.exists():
        clips.ffmpeg(*arguments, str(path))
    return path


def no_frames_avi(folder: Path) -> Path:
    """Headers that declare a video, and zeros where its frames should be."""
    data = clips.make("mpeg4.avi", folder).read_bytes()
    begin = data.index(b"movi") + 4
    return written(folder / "no_frames.avi", data[:begin] + b"\x00" * (len(data) - begin))


def no_frames_mp4(folder: Path) -> Path:
    """A fragmented file with nothing behind its header."""
    data = clips.make("fragmented.mp4", folder).read_bytes()
    return written(folder / "no_frames.mp4", data[: data.index(b"moof") - 4])


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def truncated(folder: Path, name: str) -> Path:
    return clips.truncated(clips.make(name, folder, SECONDS), 0.6)


def corrupted(folder: Path, name: str) -> Path:
    return clips.corrupted(clips.make(name, folder, SECONDS), 0.45, 0.46)


def upright(path: Path, width: int, height: int) -> bytes:
    """The first frame as players show it, BGR: ffmpeg rotates it by the display matrix."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-frames:v", "1"]
    size = ["-s", f"{width}x{height}", "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    return subprocess.run([*command, *size], check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


def _recipe(name: str, folder: Path) -> Path:
    return clips.make(name, folder, SECONDS)


CASES: tuple[Case, ...] = (
    *(Case(name, partial(_recipe, name)) for name in clips.RECIPES),
    *(
        Case(f"rotated {degrees}", partial(rotated, clockwise=degrees), rotation=degrees)
        for degrees in (0, 90, 180, 270)
    ),
    Case("resized offset.ts", partial(resized, name="offset.ts"), "all", None),
    Case("resized vp9.webm", partial(resized, name="vp9.webm"), "all", None),
    *(
        Case(f"intra refresh {every or 'all'}", intra_refresh, "cadence" if every else "all", every)
        for every in (None, 1000)
    ),
    Case("no frames avi", no_frames_avi),
    Case("no frames fragmented", no_frames_mp4),
    Case(f"{HOURS} h of black", black, "cadence", 60_000),
    *(
        Case(f"truncated {name}", partial(truncated, name=name), damaged=True)
        for name in ("faststart.mp4", "fragmented.mp4", "bframes.mkv", "offset.ts", "mpeg4.avi", "vp9.webm")
    ),
    *(
        Case(f"corrupt {name}", partial(corrupted, name=name), damaged=True)
        for name in ("faststart.mp4", "open_gop_hevc.mp4", "hevc10.mkv", "offset.ts", "mpeg2.ts", "mpeg4.avi")
    ),
)
