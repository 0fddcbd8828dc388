"""What comes of a camera reader, which an attacker may own: no field of it is trusted."""

import asyncio
import errno
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import orjson
import pytest

import extractor.media.camera
from extractor import protocol
from extractor.live.reader import Channel, Reader
from extractor.live.relay import Relay
from extractor.media.cameras import Readers
from extractor.media.scene import Reference
from extractor.model.camera_failures import PicturesTooLarge, ReaderCrashed

PICTURE = bytes(cv2.imencode(".jpg", np.zeros((8, 16, 3), np.uint8))[1].data)
HONEST: dict[str, Any] = {
    "captured_ms": 1_795_000_000_000,
    "source": "camera",
    "error_ms": 20,
    "width": 16,
    "height": 8,
    "size_bytes": len(PICTURE),
    "keyframe": True,
    "sharpness": 1.0,
    "brightness": 0.5,
    "scene": {"same": 0, "same_s": 0.0},
    "packets": 25,
}


async def test_an_honest_frame_is_taken() -> None:
    channel = Channel(Relay(), lambda: None)
    assert channel.take(protocol.Message("frame", HONEST, PICTURE))
    frame, picture = await channel.next_frame()
    assert (frame.captured_ms, picture) == (HONEST["captured_ms"], PICTURE)


@pytest.mark.parametrize(
    "lie",
    [
        *({"source": "clock of mine"}, {"error_ms": -1}, {"brightness": 7.0}, {"sharpness": -1.0}, {"width": 17}),
        *({"size_bytes": 1}, {"keyframe": 1}, {"camera_id": "cam_of_another"}),
        *({"scene": {"same": -1, "same_s": 0.0}}, {"scene": {"same": 0}}),
    ],
)
async def test_a_frame_that_no_reader_of_ours_sends_is_refused(lie: dict[str, Any]) -> None:
    """The contract of frame.extracted would refuse some of them later, where it costs the capture itself."""
    with pytest.raises(protocol.ProtocolError):
        Channel(Relay(), lambda: None).take(protocol.Message("frame", HONEST | lie, PICTURE))


class Breaking:
    """A session in which a library raises what nobody expected."""

    packets, codec, clock_refusal = 0, "", None

    def __init__(self, *_: object) -> None:
        pass

    def samples(self, _alive: Callable[[], None]) -> Any:
        raise cv2.error("OpenCV cannot")


def test_a_session_that_breaks_in_a_library_is_reported_as_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """One without an end would be taken for a thread that hangs, and cost the other cameras their reader."""
    monkeypatch.setattr(extractor.media.camera, "Session", Breaking)
    sent: list[bytes] = []
    stop: Any = None
    request = {"camera": "1", "port": 1, "path": "/", "user": None, "password": None, "every_ms": 500, "quality": 85}
    Readers(sent.append)._run(request, stop, Reference())
    header, _ = protocol.decode_lengths(sent[0][:8])
    ended = orjson.loads(sent[0][8 : 8 + header])
    assert ended == {"type": "ended", "camera": "1", "code": "session_ended", "detail": "error"}


def test_pictures_that_the_service_takes_from_no_reader_end_the_session_in_the_reader() -> None:
    class Stream:
        width, height = 16_384, 8_192

    with pytest.raises(PicturesTooLarge):
        extractor.media.camera.check_size(Stream)


async def test_a_reader_that_cannot_be_started_is_a_failure_of_the_camera_and_leaves_no_listener(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listening: list[int] = []

    async def refuse(*words: str, **_: object) -> None:
        listening.extend(int(port) for port in words[-2:])
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    with pytest.raises(ReaderCrashed, match="Too many open files"):
        await Reader.start(2, 1 << 30)
    for port in listening:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
