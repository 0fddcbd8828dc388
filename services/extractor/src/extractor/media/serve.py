"""The decoder's loop: reads requests, has them done, and sends messages (see `extractor.protocol`)."""

import gc
import io
from collections.abc import Iterable
from typing import Any, BinaryIO

import av
import av.subtitles.codeccontext  # PyAV imports these two when it opens a file: too late, no file is open by then
import av.subtitles.stream
import cv2
import orjson

from extractor import protocol
from extractor.media.requests import OpenFile, Send, extract_segment, survey_file
from extractor.media.selective import PlanBroken
from extractor.model.failures import DecodeFailed, Failed, OutOfMemory
from extractor.model.plan import PLANNED
from sandbox import lock_down


def serve(requests: Iterable[bytes], out: BinaryIO | io.RawIOBase) -> None:
    """One request a line until the parent closes its end."""
    cv2.setNumThreads(1)
    av.logging.set_level(None)

    def send(message_type: str, payload: bytes = b"", **fields: Any) -> None:
        write_all(out, protocol.encode_message(message_type, fields, payload))

    gc.freeze()  # what the libraries made lives as long as the process: no need to look through it again
    send("ready")
    open_file = OpenFile(lock_down)
    for line in requests:
        handle(orjson.loads(line), send, open_file)


def write_all(out: BinaryIO | io.RawIOBase, data: bytes) -> None:
    """A pipe takes less than a frame at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[out.write(rest) or 0 :]


def handle(request: dict[str, Any], send: Send, open_file: OpenFile) -> None:
    """Do one request and report failures that the file causes; any other error ends the process: a crash."""
    try:
        if request["type"] == "survey":
            survey_file(request, send, open_file)
        else:
            extract_segment(request, send, open_file)
    except PlanBroken as broken:
        send("broken", detail=str(broken)[: protocol.MAX_DETAIL])
    except Failed as failed:
        send("failed", code=failed.code, detail=failed.detail[: protocol.MAX_DETAIL])
    except MemoryError:
        send("failed", code=OutOfMemory.code, detail="")
    except av.FFmpegError as error:
        message_type = "broken" if request.get("kind") == PLANNED else "failed"
        send(message_type, code=DecodeFailed.code, detail=str(error)[: protocol.MAX_DETAIL])
