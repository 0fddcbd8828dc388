"""The sandbox: a child process that opens an untrusted file.

usage: python -I -m ingest.admission.child PATH CODECS MEMORY_MB SECONDS ENTRIES PARENT_PID

It sets its limits, loads FFmpeg, opens the file and locks itself down; only then it reads. It prints facts as one line
of JSON, and is killed by its parent, or by its own alarm, when it takes too long. The only importer of av in ingest.
"""

import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from ingest.admission.boxes import TooManyBoxes, index_entries
from sandbox import die_with_parent, limit_resources, lock_down

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from tracks import Taken

# Both whitelists are needed: with the protocols alone an ffconcat file reads other local files
OPTIONS = {
    "protocol_whitelist": "fd",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg",
    "enable_drefs": "0",
}
MAX_PACKETS = 600
TRANSFERS = {16: "pq", 18: "hlg"}
"""Transfer characteristics of ITU-T H.273 that are HDR."""
UNKNOWN_TRANSFERS = (2, 3)
"""Unspecified and reserved."""
MAX_PIXELS_TO_DECODE = 1 << 26


def main() -> None:
    path, codecs, memory_mb, seconds, entries, parent = sys.argv[1:7]
    limit(int(memory_mb), float(seconds), int(parent))
    load_ffmpeg()
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    lock_down()
    facts = unopened(file, int(entries)) or examine(file, frozenset(codecs.split(",")))
    print(json.dumps(facts), flush=True)


def limit(memory_mb: int, seconds: float, parent: int) -> None:
    """Limit memory, processor time, wall clock and open files of this process; it cannot write files."""
    die_with_parent(parent)
    limit_resources(memory_mb * 1024 * 1024, int(seconds) + 1)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)


def load_ffmpeg() -> None:
    """All that PyAV imports only when it opens a file: too late, no file of ours can be opened by then."""
    import av
    import av.subtitles.codeccontext
    import av.subtitles.stream

    import tracks  # noqa: F401

    av.logging.set_level(av.logging.PANIC)


def unopened(descriptor: int, most: int) -> dict[str, Any] | None:
    """Facts of a file whose index is too long to be opened by FFmpeg, else None."""
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        try:
            entries = index_entries(file)
        except TooManyBoxes:
            return {"opened": False, "index_too_large": True}
    return {"opened": False, "index_too_large": True, "index_entries": entries} if entries > most else None


def examine(descriptor: int, codecs: frozenset[str]) -> dict[str, Any]:
    """Facts of the file (names as in `ingest.admission.facts.Facts`)."""
    import av

    from tracks import open_track

    options = OPTIONS | {"fd": str(descriptor), "codec_whitelist": decoders(codecs)}

    def open_container() -> "InputContainer":
        os.lseek(descriptor, 0, os.SEEK_SET)
        return av.open("fd:", options=options, timeout=(10.0, 10.0))

    try:
        taken = open_track(open_container)
    except (av.error.FFmpegError, ValueError):
        return {"opened": False}
    with taken.container:
        return describe(taken, codecs)


def decoders(codecs: frozenset[str]) -> str:
    """What FFmpeg may open to describe streams; with others it would decode a 16k picture only to describe it."""
    return ",".join(sorted(codecs | {"libdav1d", "libaom-av1", "libvpx", "libvpx-vp9", "mpegvideo"}))


def describe(taken: "Taken", codecs: frozenset[str]) -> dict[str, Any]:
    """Facts of an open file and the track that is taken; decodes one picture if its codec is one of `codecs`."""
    from tracks import duration_ms

    container, stream = taken.container, taken.stream
    facts: dict[str, Any] = {"opened": True, "streams": len(container.streams), "tracks": taken.tracks}
    facts["created_at"] = container.metadata.get("creation_time")
    if stream is None:
        return facts
    context = stream.codec_context
    facts |= {"has_video": True, "track": taken.position, "codec": context.codec.canonical_name if context else None}
    if context is None:
        return facts
    facts |= {"width": stream.width, "height": stream.height, "fps": float(stream.average_rate or 0) or None}
    if facts["codec"] in codecs and stream.width * stream.height <= MAX_PIXELS_TO_DECODE:
        facts |= decode_one(container, stream)
    return facts | {"duration_ms": duration_ms(container, stream)}


def decode_one(container: "InputContainer", stream: "VideoStream") -> dict[str, Any]:
    """Decode up to the first picture: packets read, whether there is one, and how it is shown."""
    import av

    from tracks import orientation, read_packets

    stream.codec_context.thread_count = 1
    declared = stream.codec_context.color_trc
    packets = 0
    try:
        for packet in read_packets(container, stream):
            packets += bool(packet.size)
            try:
                for frame in packet.decode():
                    tag = declared if frame.color_trc in UNKNOWN_TRANSFERS else frame.color_trc
                    rotation, mirrored = orientation(frame)
                    shown = {"rotation_degrees": rotation, "mirrored": mirrored}
                    transfer = TRANSFERS.get(int(tag), "sdr")
                    return {"packets": packets, "decoded": True, "transfer": transfer} | shown
            except av.error.InvalidDataError:
                continue
            if packets >= MAX_PACKETS:
                break
    except av.error.FFmpegError:
        pass  # the packets counted until then are the result
    return {"packets": packets, "decoded": False}


if __name__ == "__main__":
    main()
