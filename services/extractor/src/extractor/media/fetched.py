"""The decoder of pictures and segments that the service fetched itself: locked down, one request at a time.

Each request comes with its open files, and what its pictures are to be compared with, over the socket that the parent
gave it (`extractor.protocol`). It can open nothing and reach nobody: neither files nor network.

usage: python -m extractor.media.fetched MEMORY_BYTES PARENT_PID SOCKET
"""

import io
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
import orjson

from extractor.media.pipe import take_standard_output
from extractor.protocol import MAX_DETAIL, MAX_FILES, MAX_REQUEST, encode_message
from sandbox import die_with_parent, limit_resources, lock_down

if TYPE_CHECKING:
    from extractor.media.fetched_pictures import Shown
    from extractor.media.scene import SceneMeter

Send = Callable[[bytes], None]


def handle(request: dict[str, Any], files: Sequence[int], send: Send) -> None:
    """Do what is asked for; any error ends in a message, but for want of memory, which ends the process."""
    from extractor.model.camera_failures import CameraFailed, NoPicture

    try:
        if request["type"] == "align":
            align_files(files, send)
        elif request["type"] == "measure":
            measure_file(request, files[0], send)
        else:
            decode_file(request, files, send)
    except CameraFailed as failed:
        send(encode_message("failed", {"code": failed.code, "detail": failed.detail[:MAX_DETAIL]}))
    except MemoryError:
        os._exit(1)
    except Exception as error:  # noqa: BLE001 - whatever a library raises of what it was given
        send(encode_message("failed", {"code": NoPicture.code, "detail": type(error).__name__}))


def decode_file(request: dict[str, Any], files: Sequence[int], send: Send) -> None:
    """`files`: what is decoded, then the anchor and the last good snapshot, if there are. Raises CameraFailed."""
    from extractor.media.fetched_pictures import shown

    wanted, near_s = [at / 1000 for at in request["at_ms"]], request["near_ms"] / 1000
    meter = meter_of(request, files[1:])
    for each in shown(files[0], request["kind"], wanted, near_s, request["quality"], meter):
        send(encode_message("frame", frame_fields(each), each.picture.data))
    send(encode_message("done", {}, meter.small))


def meter_of(request: dict[str, Any], files: Sequence[int]) -> "SceneMeter":
    """As the parent remembers the session. Raises ValueError."""
    from extractor.media.scene import Anchor, Reference, SceneMeter

    rest, reference = [os.pread(each, os.fstat(each).st_size, 0) for each in files], Reference()
    before = request["anchor"]
    anchor = None if before is None else Anchor(rest.pop(0), before["at_ms"] / 1000, before["same"])
    reference.jpeg = rest[0] if rest else None
    return SceneMeter(reference, anchor)


def measure_file(request: dict[str, Any], file: int, send: Send) -> None:
    """Raises CameraFailed."""
    from extractor.media.fetched_pictures import measured

    send(encode_message("measured", msgspec.to_builtins(measured(file, request["kind"]))))


def align_files(files: Sequence[int], send: Send) -> None:
    """Of two pictures, the earlier one first."""
    from extractor.media.alignment import align

    before, after = (os.pread(each, os.fstat(each).st_size, 0) for each in files)
    send(encode_message("aligned", {"alignment": msgspec.to_builtins(align(before, after))}))


def frame_fields(shown: "Shown") -> dict[str, Any]:
    """Of a `frame` message."""
    return {
        "at_ms": round(shown.at_s * 1000),
        "length_ms": None if shown.length_s is None else round(shown.length_s * 1000),
        "width": shown.picture.width,
        "height": shown.picture.height,
        "size_bytes": len(shown.picture.data),
        "keyframe": shown.keyframe,
        "sharpness": shown.picture.sharpness,
        "brightness": shown.picture.brightness,
        "scene": msgspec.to_builtins(shown.scene),
    }


def serve(requests: socket.socket, out: "BinaryIO | io.RawIOBase") -> None:
    """One request after another, until the parent closes its end."""
    import av
    import cv2

    import extractor.media.fetched_pictures
    import extractor.model.camera_failures
    from extractor.media import alignment, scene
    from extractor.media.serve import write_all

    assert extractor.media.fetched_pictures  # noqa: S101 - imported here, before the process can open a file no more
    assert extractor.model.camera_failures  # noqa: S101
    cv2.setNumThreads(1)
    av.logging.set_level(None)
    alignment.warm_up()
    scene.warm_up()
    lock_down(receives=True)

    def send(message: bytes) -> None:
        write_all(out, message)

    send(encode_message("ready", {}))
    while True:
        request, files = receive(requests)
        if not request:
            return
        try:
            handle(orjson.loads(request), files, send)
        finally:
            for file in files:
                os.close(file)


def receive(requests: socket.socket) -> tuple[bytes, Sequence[int]]:
    """The next request with its files; nothing at the end."""
    request, files, _flags, _address = socket.recv_fds(requests, MAX_REQUEST, MAX_FILES)
    return request, files


def main() -> None:
    """Limits first; imports of decoders and the lock-down follow in `serve`."""
    messages = take_standard_output()
    die_with_parent(int(sys.argv[2]))
    limit_resources(int(sys.argv[1]))
    serve(socket.socket(fileno=int(sys.argv[3])), messages)


if __name__ == "__main__":
    main()
