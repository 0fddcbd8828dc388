"""What the decoder's own process costs: the same survey and segments behind its limits and pipe, or in this process.

usage: python -m bench.cases.sandbox {child|here} CLIP

Both end with one exact frame a second as JPEG in this process; nothing is stored.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from extractor.files.children import Child, Limits, can_isolate

ABOUT = {"mode": "cadence", "every_ms": 1000, "rotation": 0, "quality": 85, "format": "jpeg", "long_side": None}


async def in_a_child(path: str) -> int:
    """Bytes of all frames. As the worker asks: survey, then each segment."""
    child = await Child.start(Limits(3072 << 20, 60.0, await can_isolate()))
    request = {**ABOUT, "path": path}
    heard = [message async for message in child.ask({**request, "do": "survey"}, 600)]
    size = 0
    for segment in heard[:-1]:
        if segment.say == "segment":
            asked = {**request, "do": "sample", "start": heard[-1].fields["start"], **segment.fields}
            size += sum([len(message.payload) async for message in child.ask(asked, 600)])
    await child.kill()
    return size


def here(path: str) -> int:
    """Bytes of all frames, by the functions that the child runs."""
    import av
    import cv2

    from extractor.media import serve

    cv2.setNumThreads(1)
    av.logging.set_level(None)
    said: list[tuple[str, dict[str, Any], int]] = []

    def say(what: str, payload: bytes = b"", **fields: Any) -> None:
        said.append((what, fields, len(payload)))

    request = {**ABOUT, "path": path}
    opened = serve.Opened()
    serve.tell_plan(request, say, opened)
    start = said[-1][1]["start"]
    for what, fields, _ in list(said):
        if what == "segment":
            serve.sample({**request, "start": start, **fields}, say, opened)
    return sum(size for _, _, size in said)


if __name__ == "__main__":
    print(asyncio.run(in_a_child(sys.argv[2])) if sys.argv[1] == "child" else here(sys.argv[2]))
