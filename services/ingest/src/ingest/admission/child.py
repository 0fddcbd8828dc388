"""The child process that opens an untrusted file.

usage: python -I -m ingest.admission.child PATH CODECS MEMORY_MB SECONDS ENTRIES

It limits itself before FFmpeg is loaded, prints facts as one line of JSON, and is killed by its parent or by its own
alarm when it takes too long. This is the only module of ingest that imports av.
"""

import json
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.admission.boxes import TooManyBoxes, index_entries

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Of the two whitelists both are needed: with the protocols alone an ffconcat text reads other local files
OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts",
    "enable_drefs": "0",
}
MAX_PACKETS = 600
MAX_PIXELS_TO_DECODE = 1 << 26


def main() -> None:
    path, codecs, memory_mb, seconds, entries = sys.argv[1:6]
    limit(int(memory_mb), float(seconds))
    facts = unopened(path, int(entries)) or examine(path, frozenset(codecs.split(",")))
    print(json.dumps(facts), flush=True)


def limit(memory_mb: int, seconds: float) -> None:
    """Bound memory, processor time, wall clock and open files of this process; it may write no file at all."""
    for what, most in (
        (resource.RLIMIT_AS, memory_mb * 1024 * 1024),
        (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)  # should the parent be killed before it can kill us


def unopened(path: str, most: int) -> dict[str, Any] | None:
    """Facts of a file whose index is too long for FFmpeg to be asked, else None."""
    with Path(path).open("rb") as file:
        try:
            entries = index_entries(file)
        except TooManyBoxes:
            return {"opened": False, "index_too_large": True}
    return {"opened": False, "index_too_large": True, "index_entries": entries} if entries > most else None


def examine(path: str, codecs: frozenset[str]) -> dict[str, Any]:
    """Facts of the file (names as in `ingest.admission.facts.Facts`)."""
    import av

    av.logging.set_level(av.logging.PANIC)
    try:
        container = av.open(path, options=OPTIONS | {"codec_whitelist": decoders(codecs)}, timeout=(10.0, 10.0))
    except (av.error.FFmpegError, ValueError):
        return {"opened": False}
    with container:
        return describe(container, codecs)


def decoders(codecs: frozenset[str]) -> str:
    """What FFmpeg may open to find out about streams: else it decodes a picture of 16k pixels only to describe it."""
    return ",".join(sorted(codecs | {"libdav1d", "libaom-av1", "libvpx", "libvpx-vp9", "mpegvideo"}))


def describe(container: "InputContainer", codecs: frozenset[str]) -> dict[str, Any]:
    """Facts of an open container; decodes one picture if its codec is one of `codecs`."""
    import av

    facts: dict[str, Any] = {"opened": True, "streams": len(container.streams)}
    facts["created_at"] = container.metadata.get("creation_time")
    cover = av.stream.Disposition.attached_pic
    videos = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not videos:
        return facts
    stream = videos[0]
    context = stream.codec_context
    facts |= {"has_video": True, "codec": context.codec.canonical_name if context else None}
    if context is None:
        return facts
    facts |= {"width": stream.width, "height": stream.height, "fps": float(stream.average_rate or 0) or None}
    facts["duration_ms"] = duration_ms(container, stream)
    if facts["codec"] in codecs and stream.width * stream.height <= MAX_PIXELS_TO_DECODE:
        facts |= decode_one(container, stream)
    return facts


def duration_ms(container: "InputContainer", stream: "VideoStream") -> int | None:
    """Duration of the video stream, else of the container, in ms; None when neither says."""
    if stream.duration and stream.time_base:
        return max(0, round(stream.duration * stream.time_base * 1000))
    return max(0, container.duration // 1000) if container.duration else None


def decode_one(container: "InputContainer", stream: "VideoStream") -> dict[str, Any]:
    """Decode up to the first picture: packets that it took, whether there is one, and its rotation, clockwise."""
    import av

    stream.codec_context.thread_count = 1
    packets = 0
    try:
        for packet in container.demux(stream):
            packets += bool(packet.size)
            try:
                for frame in packet.decode():
                    return {"packets": packets, "decoded": True, "rotation_degrees": clockwise(frame.rotation)}
            except av.error.InvalidDataError:
                continue
            if packets >= MAX_PACKETS:
                break
    except av.error.FFmpegError:
        pass  # what was counted until then is the answer
    return {"packets": packets, "decoded": False}


def clockwise(counterclockwise: float) -> int:
    """The display matrix turns counterclockwise by -180 to 180 degrees; we tell quarter turns clockwise."""
    return round(-counterclockwise / 90) % 4 * 90


if __name__ == "__main__":
    main()
