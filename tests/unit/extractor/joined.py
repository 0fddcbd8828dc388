"""Files out of several recordings, put together byte by byte; their frames are those of each, one after another."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

from tests.unit.extractor import clips
from tests.unit.extractor.reference import Shown, decode_everything

FRAME = Fraction(1, clips.RATE)
B_FRAMES = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 2 -g 25"
VP9 = "-c:v libvpx-vp9 -g 25 -deadline realtime -cpu-used 8 -b:v 300k"
FRAGMENTS = f"{B_FRAMES} -movflags frag_keyframe+empty_moov+default_base_moof"


def piece(folder: Path, name: str, recipe: str, hue: int = 0, seconds: float = 2) -> Path:
    """A recording of its own colours."""
    path = folder / name
    if not path.exists():
        source = f"testsrc2=size={clips.SIZE}:rate={clips.RATE}:duration={seconds},hue=h={hue}"
        clips.ffmpeg("-f", "lavfi", "-i", source, *recipe.split(), str(path))
    return path


def pieces(folder: Path, kind: str, ending: str, *recipes: str) -> list[Path]:
    return [
        piece(folder, f"{kind}_{number}.{ending}", recipe, hue=70 * number) for number, recipe in enumerate(recipes)
    ]


def together(parts: Sequence[Path]) -> Path:
    path = parts[0].with_name(f"joined_{parts[0].name}")
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def frames_of(parts: Sequence[Path]) -> list[Shown]:
    """Those of each part, which goes on one frame after the one before."""
    frames: list[Shown] = []
    for part in parts:
        begins = frames[-1].time + FRAME if frames else Fraction(0)
        frames += [Shown(begins + each.time, each.keyframe, each.jpeg) for each in decode_everything(part)]
    return frames


def at(recipe: str, seconds: float) -> str:
    """A transport stream whose first stamp is at that time."""
    return f"{recipe} -muxdelay 0 -output_ts_offset {seconds} -f mpegts"


def cut(folder: Path) -> list[Path]:
    """Cut between keyframes by copying: what is before the cut is hidden by an edit list."""
    found = []
    for number, whole in enumerate(pieces(folder, "cut", "mp4", B_FRAMES, B_FRAMES)):
        found.append(folder / f"edited_{number}.mp4")
        clips.ffmpeg("-ss", "0.5", "-i", str(whole), "-c", "copy", str(found[-1]))
    return found


def fragments_that_begin_alike(folder: Path) -> list[Path]:
    """Joined as one header and the fragments of all; each part by itself has the header, too."""
    found = pieces(folder, "again", "mp4", *[FRAGMENTS] * 3)
    assert len({part.read_bytes().index(b"moof") for part in found}) == 1
    return found


KINDS: dict[str, Callable[[Path], list[Path]]] = {
    "ts that begin alike": lambda folder: pieces(folder, "alike", "ts", *[B_FRAMES] * 5),
    "ts set back an hour": lambda folder: pieces(folder, "back", "ts", at(B_FRAMES, 3700), at(B_FRAMES, 100)),
    "ts set back ten seconds": lambda folder: pieces(folder, "ten", "ts", at(B_FRAMES, 20), at(B_FRAMES, 10)),
    "ts that overlap": lambda folder: pieces(folder, "over", "ts", *(at(B_FRAMES, begin) for begin in (10, 11.5, 13))),
    "ts that overlap by a frame": lambda folder: pieces(folder, "one", "ts", at(B_FRAMES, 10), at(B_FRAMES, 11.96)),
    "mpeg2 ts": lambda folder: pieces(folder, "mpeg2", "ts", *["-c:v mpeg2video -bf 2 -g 12 -b:v 600k"] * 3),
    "hevc ts": lambda folder: pieces(
        folder, "hevc", "ts", *["-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1:bframes=3"] * 2
    ),
    "program streams": lambda folder: pieces(folder, "mpeg2", "mpg", *["-c:v mpeg2video -g 12 -b:v 600k -f vob"] * 2),
    "webm": lambda folder: pieces(folder, "vp9", "webm", VP9, VP9),
    "live webm": lambda folder: pieces(folder, "live", "webm", *[f"{VP9} -f webm -live 1"] * 2),
    "mkv of two sizes": lambda folder: pieces(folder, "sizes", "mkv", B_FRAMES, f"-s 128x96 {B_FRAMES}"),
    "fragmented mp4": lambda folder: pieces(folder, "fragments", "mp4", *[FRAGMENTS] * 3),
    "mp4": lambda folder: pieces(folder, "plain", "mp4", B_FRAMES, f"-video_track_timescale 90000 {B_FRAMES}"),
    "mp4 with edit lists": cut,
    "avi": lambda folder: pieces(folder, "two", "avi", "-c:v mjpeg -q:v 5", "-c:v mjpeg -q:v 5"),
}
