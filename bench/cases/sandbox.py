"""What a decoder's own process costs: the same survey and segments behind its limits and pipe, or in this process.

usage: python -m bench.cases.sandbox {child|here} CLIP

Both end with one exact frame a second as JPEG in this process; nothing is stored.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from extractor.files.decoder import Decoder, DecoderLimits
from sandbox.kernel import can_isolate_network

OPTIONS = {"sampling": {"mode": "cadence", "every_ms": 1000}, "picture": {"quality": 85}}


async def in_decoder_process(path: str) -> int:
    """Bytes of all frames. Requested as by the worker: survey, then each segment."""
    decoder = await Decoder.start(DecoderLimits(3072 << 20, 60.0, await can_isolate_network()))
    common = {"path": path, "options": OPTIONS}
    survey = [message async for message in decoder.request({**common, "type": "survey"}, 600)]
    size = 0
    for message in survey[:-1]:
        if message.type == "segment":
            request = {**common, "type": "extract", "start": survey[-1].fields["start"], **message.fields}
            size += sum([len(each.payload) async for each in decoder.request(request, 600)])
    await decoder.kill()
    return size


def here(path: str) -> int:
    """Bytes of all frames, by the functions that a decoder process runs."""
    import av
    import cv2

    from extractor.media import requests

    cv2.setNumThreads(1)
    av.logging.set_level(None)
    sent: list[tuple[str, dict[str, Any], int]] = []

    def send(message_type: str, payload: bytes = b"", **fields: Any) -> None:
        sent.append((message_type, fields, len(payload)))

    common = {"path": path, "options": OPTIONS}
    open_file = requests.OpenFile(lambda: None)
    requests.survey_file(common, send, open_file)
    start = sent[-1][1]["start"]
    for message_type, fields, _ in list(sent):
        if message_type == "segment":
            requests.extract_segment({**common, "start": start, **fields}, send, open_file)
    return sum(size for _, _, size in sent)


if __name__ == "__main__":
    print(asyncio.run(in_decoder_process(sys.argv[2])) if sys.argv[1] == "child" else here(sys.argv[2]))
