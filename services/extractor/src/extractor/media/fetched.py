"""The decoder of pictures and segments that the service fetched itself: locked down, one request at a time.

Each request comes with an open file, over the socket that the parent gave it (`extractor.protocol`). It can open
nothing and reach nobody: neither files nor network.

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
from extractor.protocol import MAX_DETAIL, MAX_REQUEST, encode_message
from sandbox import die_with_parent, limit_resources, lock_down

if TYPE_CHECKING:
    from extractor.media.fetched_pictures import Shown

Send = Callable[[bytes], None]


def handle(request: dict[str, Any], file: int, send: Send) -> None:
    """Decode or measure what is asked for; any error ends in a message, but want of memory, which ends the process."""
    from extractor.media.fetched_pictures import measured, shown
    from extractor.model.camera_failures import CameraFailed, NoPicture

    try:
        if request["type"] == "measure":
            send(encode_message("measured", msgspec.to_builtins(measured(file, request["kind"]))))
            return
        wanted, near_s = [at / 1000 for at in request["at_ms"]], request["near_ms"] / 1000
        for each in shown(file, request["kind"], wanted, near_s, request["quality"]):
            send(encode_message("frame", frame_fields(each), each.picture.data))
        send(encode_message("done", {}))
    except CameraFailed as failed:
        send(encode_message("failed", {"code": failed.code, "detail": failed.detail[:MAX_DETAIL]}))
    except MemoryError:
        os._exit(1)
    except Exception as error:  # noqa: BLE001 - whatever a library raises of what it was given
        send(encode_message("failed", {"code": NoPicture.code, "detail": type(error).__name__}))


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
    }


def serve(requests: socket.socket, out: "BinaryIO | io.RawIOBase") -> None:
    """One request after another, until the parent closes its end."""
    import av
    import cv2

    import extractor.media.fetched_pictures
    import extractor.model.camera_failures
    from extractor.media.serve import write_all

    assert extractor.media.fetched_pictures  # noqa: S101 - imported here, before the process can open a file no more
    assert extractor.model.camera_failures  # noqa: S101
    cv2.setNumThreads(1)
    av.logging.set_level(None)
    lock_down(receives=True)

    def send(message: bytes) -> None:
        write_all(out, message)

    send(encode_message("ready", {}))
    while True:
        request, files = receive(requests)
        if not request:
            return
        for file in files:
            try:
                handle(orjson.loads(request), file, send)
            finally:
                os.close(file)


def receive(requests: socket.socket) -> tuple[bytes, Sequence[int]]:
    """The next request with its file; nothing at the end."""
    request, files, _flags, _address = socket.recv_fds(requests, MAX_REQUEST, 1)
    return request, files


def main() -> None:
    """Limits first; imports of decoders and the lock-down follow in `serve`."""
    messages = take_standard_output()
    die_with_parent(int(sys.argv[2]))
    limit_resources(int(sys.argv[1]))
    serve(socket.socket(fileno=int(sys.argv[3])), messages)


if __name__ == "__main__":
    main()
