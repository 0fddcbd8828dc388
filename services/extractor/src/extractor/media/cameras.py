"""The camera reader: a locked-down process that reads a few cameras, one thread each, and sends what it samples.

It reaches nothing but the relays whose ports it is given (`extractor.live.relay`), and those lead to one camera each.

usage: python -m extractor.media.cameras MEMORY_BYTES PARENT_PID PORT...
"""

import base64
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
import orjson

from extractor.media.pipe import take_standard_output
from extractor.model.stream_meter import MAX_CODEC, StreamMeter
from extractor.protocol import MAX_DETAIL, encode_message
from sandbox import die_with_parent, limit_resources, lock_down

if TYPE_CHECKING:
    import io

    from extractor.media.camera import Address, Sample
    from extractor.media.scene import Reference

ALIVE_S = 0.5


class Readers:
    """The threads, by camera."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write, self._lock = write, threading.Lock()
        self._stops: dict[str, threading.Event] = {}
        self._references: dict[str, Reference] = {}

    def send(self, message_type: str, camera: str, payload: bytes = b"", **fields: Any) -> None:
        """Whole messages, however many threads send."""
        message = encode_message(message_type, {"camera": camera, **fields}, payload)
        with self._lock:
            self._write(message)

    def handle(self, request: dict[str, Any]) -> None:
        """`open` or `close` a camera, or compare it with another snapshot (`extractor.protocol`)."""
        from extractor.media.scene import Reference

        camera = request["camera"]
        if request["type"] == "open":
            self._stops[camera], self._references[camera] = threading.Event(), Reference()
            arguments = request, self._stops[camera], self._references[camera]
            threading.Thread(target=self._run, args=arguments, daemon=True).start()
        elif request["type"] == "refer" and camera in self._references:
            self._references[camera].jpeg = base64.b64decode(request["jpeg"]) or None
        elif camera in self._stops:
            self._references.pop(camera)
            self._stops.pop(camera).set()

    def _run(self, request: dict[str, Any], stop: threading.Event, reference: "Reference") -> None:
        from extractor.model.camera_failures import CameraFailed, SessionEnded

        camera = request["camera"]
        try:
            if request.get("purpose") == "sound":
                self._listen(request)
            else:
                self._watch(request, stop, reference)
            code, detail = "closed", ""
        except CameraFailed as failed:
            code, detail = failed.code, failed.detail
        except MemoryError:
            os._exit(1)  # of all cameras: there is none left, and whoever goes on cannot be trusted to notice
        except Exception as error:  # noqa: BLE001 - whatever a library raises: a session without an end costs all cameras
            code, detail = SessionEnded.code, type(error).__name__
        self.send("ended", camera, code=code, detail=detail[:MAX_DETAIL])

    def _listen(self, request: dict[str, Any]) -> None:
        """Report the sound that a camera offers. Raises CameraFailed."""
        from extractor.media.camera import sound_codec

        self.send("sound", request["camera"], codec=sound_codec(_address(request))[:MAX_CODEC])

    def _watch(self, request: dict[str, Any], stop: threading.Event, reference: "Reference") -> None:
        """Send the samples of a session, and signs of life. Raises CameraFailed at its end, unless `stop` is set."""
        from extractor.media.camera import Session
        from extractor.model.options import PictureOptions

        camera, sent_at = request["camera"], 0.0
        meter = StreamMeter() if request.get("purpose") == "measure" else None
        options = PictureOptions(request["quality"])
        session = Session(_address(request), request["every_ms"] / 1000, options, stop, reference, meter)

        def alive() -> None:
            nonlocal sent_at
            now = time.monotonic()
            if now - sent_at >= ALIVE_S:
                sent_at = now
                self.send("alive", camera, packets=session.packets, codec=session.codec, clock=session.clock_refusal)
                if meter is not None:
                    self.send("measured", camera, **msgspec.to_builtins(session.measured))

        for sample in session.samples(alive):
            self.send("frame", camera, sample.picture.data, packets=session.packets, **frame_fields(sample))


def _address(request: dict[str, Any]) -> "Address":
    from extractor.media.camera import Address

    return Address(request["port"], request["path"])


def frame_fields(sample: "Sample") -> dict[str, Any]:
    """Of a `frame` message."""
    return {
        "captured_ms": round(sample.captured.at_s * 1000),
        "source": sample.captured.source,
        "error_ms": round(sample.captured.error_s * 1000),
        "width": sample.picture.width,
        "height": sample.picture.height,
        "size_bytes": len(sample.picture.data),
        "keyframe": sample.keyframe,
        "sharpness": sample.picture.sharpness,
        "brightness": sample.picture.brightness,
        "scene": msgspec.to_builtins(sample.scene),
    }


def serve(requests: Iterable[bytes], out: "BinaryIO | io.RawIOBase", ports: list[int]) -> None:
    """One request a line, until the parent closes its end."""
    import av
    import cv2

    import extractor.media.camera
    from extractor.media.scene import warm_up
    from extractor.media.serve import write_all

    assert extractor.media.camera  # noqa: S101 - imported here, before the process can open a file no more
    cv2.setNumThreads(1)
    av.logging.set_level(None)
    warm_up()
    readers = Readers(lambda message: write_all(out, message))
    lock_down(ports)
    readers.send("ready", "")
    for line in requests:
        readers.handle(orjson.loads(line))


def main() -> None:
    """Limits first; imports of decoders and the lock-down follow in `serve`."""
    messages = take_standard_output()
    die_with_parent(int(sys.argv[2]))
    limit_resources(int(sys.argv[1]))
    serve(sys.stdin.buffer, messages, [int(port) for port in sys.argv[3:]])


if __name__ == "__main__":
    main()
