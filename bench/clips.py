"""The clips that are measured: made once by imageio-ffmpeg's program, the same bytes wherever that program is the same.

Moving shapes, a slowly growing fractal, a grain that stands still and sensor noise, so that no frame repeats and all
cost the decoder something. Without the grain, keyframes are a third of those of real footage at the same rate (65 KB
against 240 KB of a fixed camera over people), and nothing is left to be gained by decoding fewer other frames.
Nothing is re-timed: `setpts` without `settb` first repeats frames and makes decoding look three times cheaper. Longer
clips are stream copies of short ones.
"""

import subprocess
from pathlib import Path

import imageio_ffmpeg

RATE = 25
X264 = "-c:v libx264 -pix_fmt yuv420p -threads 2 -sc_threshold 0"
CAMERA = f"{X264} -preset veryfast -profile:v main -bf 0 -refs 1 -g 50 -keyint_min 50"

ENCODED: dict[str, tuple[str, int, str]] = {
    "camera_20s.mp4": ("1920x1080", 20, f"{CAMERA} -b:v 4M -maxrate 6M -bufsize 8M"),
    "upload_60s.mp4": ("1920x1080", 60, f"{X264} -preset fast -crf 27 -bf 3 -g 250 -keyint_min 250"),
    "camera_4k_10s.mp4": ("3840x2160", 10, f"{CAMERA} -b:v 12M -maxrate 12M -bufsize 24M"),
    "quick_6s.mp4": ("640x360", 6, f"{CAMERA} -crf 23"),
    "quick_upload_12s.mp4": ("640x360", 12, f"{X264} -preset fast -crf 27 -bf 3 -g 250 -keyint_min 250"),
}
"""Name: size, seconds, encoder."""

COPIED: dict[str, tuple[str, int]] = {
    "camera_60s.mp4": ("camera_20s.mp4", 3),
    "camera_4min.mp4": ("camera_20s.mp4", 12),
    "camera_10min.mp4": ("camera_20s.mp4", 30),
    "quick_60s.mp4": ("quick_6s.mp4", 10),
}
"""Name: what it repeats, how often."""

QUICK = {
    "camera_20s.mp4": "quick_6s.mp4",
    "camera_60s.mp4": "quick_60s.mp4",
    "camera_4min.mp4": "quick_60s.mp4",
    "camera_10min.mp4": "quick_60s.mp4",
    "upload_60s.mp4": "quick_upload_12s.mp4",
    "camera_4k_10s.mp4": "quick_6s.mp4",
}
"""What `--quick` measures instead: everything runs, the figures mean nothing."""


def clip(name: str, folder: Path, quick: bool = False) -> Path:
    """The clip in `folder`, made if it is not there. Raises subprocess.CalledProcessError."""
    name = QUICK[name] if quick else name
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new.mp4")
        ffmpeg(*(_copied(name, folder) if name in COPIED else _encoded(name)), str(fresh))
        fresh.rename(path)
    return path


def _copied(name: str, folder: Path) -> list[str]:
    original, times = COPIED[name]
    return ["-stream_loop", str(times - 1), "-i", str(clip(original, folder)), "-c", "copy"]


def _encoded(name: str) -> list[str]:
    size, seconds, encoder = ENCODED[name]
    return ["-f", "lavfi", "-i", _source(size, seconds), "-frames:v", str(seconds * RATE), *encoder.split()]


def _source(size: str, seconds: int) -> str:
    """A filter graph without clocks of its own: both inputs run at RATE, and overlay pairs them frame by frame."""
    grain, noise = "noise=alls=8:all_seed=3", "noise=alls=5:allf=t:all_seed=7"
    shapes = f"testsrc2=size={size}:rate={RATE}:duration={seconds}"
    fractal = f"mandelbrot=size=480x270:rate={RATE}:end_scale=0.02:end_pts=1500"
    return f"{shapes}[a];{fractal}[b];[a][b]overlay=x=W/3:y=H/3:shortest=1,{grain},{noise},format=yuv420p"


def ffmpeg(*arguments: str) -> None:
    """Run the program quietly; an error is shown."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
