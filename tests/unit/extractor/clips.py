"""Awkward clips, made with imageio-ffmpeg's ffmpeg: small, every frame different."""

from pathlib import Path

from tests.support.encoded_clips import ffmpeg

SIZE, RATE, SECONDS = "192x108", 25, 6
X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"
BFRAMES = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -b_strategy 0 -g 25 -keyint_min 25 -sc_threshold 0"

RECIPES: dict[str, str] = {
    "cfr.mp4": f"{X264} -g 25",
    "one_gop.mp4": f"{X264} -g 9999 -keyint_min 9999 -sc_threshold 0",
    "bframes.mp4": BFRAMES,
    "bframes.mkv": BFRAMES,
    "open_gop_h264.mp4": f"{BFRAMES} -x264-params open-gop=1:bframes=3",
    "open_gop_hevc.mp4": "-c:v libx265 -preset ultrafast -pix_fmt yuv420p -tag:v hvc1"
    " -x265-params keyint=25:min-keyint=25:bframes=4:open-gop=1:log-level=none:pools=1",
    "hevc8.mp4": "-c:v libx265 -preset ultrafast -pix_fmt yuv420p -tag:v hvc1"
    " -x265-params keyint=30:min-keyint=30:bframes=3:open-gop=0:log-level=none:pools=1",
    "hevc10.mkv": "-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le"
    " -x265-params keyint=30:min-keyint=30:log-level=none:pools=1",
    "vfr.mp4": "-vf select='not(mod(n\\,7))+gt(mod(n\\,13)\\,6)' -fps_mode vfr " + BFRAMES,
    "offset.ts": f"{BFRAMES} -output_ts_offset 17.3 -f mpegts",
    "mpeg2.ts": "-c:v mpeg2video -bf 2 -g 12 -b:v 600k -f mpegts",
    "mpeg2.mpg": "-c:v mpeg2video -bf 2 -g 12 -b:v 600k -f vob",
    "mpeg4.avi": "-c:v mpeg4 -g 20 -q:v 4",
    "h264.avi": f"{X264} -g 20",
    "vp8.webm": "-c:v libvpx -g 30 -deadline realtime -cpu-used 8 -b:v 300k -auto-alt-ref 1 -lag-in-frames 10",
    "vp9.webm": "-c:v libvpx-vp9 -g 30 -deadline realtime -cpu-used 8 -b:v 300k -auto-alt-ref 1 -lag-in-frames 10",
    "av1.mp4": "-c:v libsvtav1 -preset 12 -g 30 -pix_fmt yuv420p -svtav1-params lp=1",
    "av1_10.mkv": "-c:v libsvtav1 -preset 12 -g 30 -pix_fmt yuv420p10le -svtav1-params lp=1",
    "fragmented.mp4": f"{BFRAMES} -movflags frag_keyframe+empty_moov",
    "edit_list.mp4": "",
    "odd.mp4": "-vf scale=191:107 -c:v libx264 -preset ultrafast -pix_fmt yuv444p -g 25",
    "ntsc.mp4": f"-r 30000/1001 {BFRAMES}",
    "faststart.mp4": f"{BFRAMES} -movflags +faststart",
    "one_frame.mp4": f"-frames:v 1 {X264}",
    "interlaced.ts": f"-vf tinterlace=interleave_top,fieldorder=tff {X264} -flags +ildct+ilme -g 12 -f mpegts",
    "mjpeg.mov": "-c:v mjpeg -q:v 5 -pix_fmt yuvj420p",
}


def make(name: str, folder: Path, seconds: float = SECONDS, size: str = SIZE) -> Path:
    """The clip `name` in `folder`, made if it is not there."""
    path = folder / f"{seconds}s_{size}_{name}"
    if path.exists():
        return path
    if name == "edit_list.mp4":  # cut between keyframes by copying: what is before the cut is hidden by an edit list
        ffmpeg("-ss", "1.5", "-i", str(make("bframes.mp4", folder, seconds, size)), "-c", "copy", str(path))
        return path
    source = f"testsrc2=size={size}:rate={RATE}:duration={seconds}"
    ffmpeg("-f", "lavfi", "-i", source, *RECIPES[name].split(), str(path))
    return path


def truncated(path: Path, share: float) -> Path:
    """A copy that ends after a share of its bytes."""
    cut = path.with_name(f"truncated_{share}_{path.name}")
    data = path.read_bytes()
    cut.write_bytes(data[: int(len(data) * share)])
    return cut


def corrupted(path: Path, begin: float, end: float) -> Path:
    """A copy with noise in place of the bytes between two shares of the file."""
    broken = path.with_name(f"corrupted_{path.name}")
    data = bytearray(path.read_bytes())
    low, high = int(len(data) * begin), int(len(data) * end)
    data[low:high] = bytes((offset * 197 + 31) % 251 for offset in range(high - low))
    broken.write_bytes(data)
    return broken
