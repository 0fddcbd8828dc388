"""Watch cameras for a while and count what that costs: by the extractor's readers, or by decoding everything.

    python -m bench.cases.cameras readers|decode-all EVERY_MS SECONDS PORT CAMERAS

CAMERAS viewers of the camera on PORT. The last line is JSON: processor seconds of this process (`here_s`, with the
relays) and of the readers (`readers_s`), seconds of film that were watched, of all viewers together (`film_s`),
pictures made, and the resident set of each reader (`rss_mib`). It begins when every viewer has its first picture.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sys
import threading
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
from bench.processes import cpu_s

from extractor.live.reader import Channel, Opening
from extractor.live.readers import Readers
from extractor.live.relay import Target
from extractor.media.camera import RTSP_OPTIONS
from outbound import Endpoint

RATE = 25
MEMORY = 3072 << 20
QUALITY = 85
LOCALHOST = ipaddress.ip_address("127.0.0.1")


@dataclass
class Watched:
    """Of one viewer."""

    frames: int = 0
    pictures: int = 0
    seen: threading.Event = field(default_factory=threading.Event)


async def by_readers(every_ms: int, seconds: float, port: int, cameras: int) -> dict[str, Any]:
    """As in the service: relays here, readers of eight, pictures thrown away."""
    readers, watched = Readers(MEMORY), [Watched() for _ in range(cameras)]
    opening = Opening(Target(Endpoint(LOCALHOST, port), "camera"), "/stream1", every_ms, QUALITY)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(readers.close)
        channels = [await stack.enter_async_context(readers.session(opening, lambda: None)) for _ in watched]
        taking = [asyncio.create_task(take(*each)) for each in zip(channels, watched, strict=True)]
        while not all(each.pictures and channel.sign for channel, each in zip(channels, watched, strict=True)):
            await asyncio.sleep(0.1)
            for task in taking:
                if task.done():
                    task.result()
        before = readers_usage(readers, channels, watched)
        await asyncio.sleep(seconds)
        after = readers_usage(readers, channels, watched)
        found: dict[str, Any] = {name: after[name] - before[name] for name in before}
        found["rss_mib"] = [resident_mib(pid) for pid in readers.pids]
        for task in taking:
            task.cancel()
    return found


async def take(channel: Channel, watched: Watched) -> None:
    """Raises CameraFailed."""
    while True:
        await channel.next_frame()
        watched.pictures += 1


def readers_usage(readers: Readers, channels: list[Channel], watched: list[Watched]) -> dict[str, float]:
    """So far."""
    return {
        "here_s": time.process_time(),
        "readers_s": sum(cpu_s(pid) for pid in readers.pids),
        "film_s": sum(each.sign.packets for each in channels if each.sign) / RATE,
        "pictures": sum(each.pictures for each in watched),
    }


def resident_mib(pid: int) -> float:
    """Now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def by_decoding_everything(every_ms: int, seconds: float, port: int, cameras: int) -> dict[str, Any]:
    """A plain loop, a thread a camera in one process: what one writes first."""
    watched = [Watched() for _ in range(cameras)]
    for each in watched:
        threading.Thread(target=decode_all, args=(port, every_ms / 1000, each), daemon=True).start()
    for each in watched:
        if not each.seen.wait(120):
            raise SystemExit("no picture")
    began, before = time.process_time(), [(each.frames, each.pictures) for each in watched]
    time.sleep(seconds)
    here_s = time.process_time() - began
    film_s = sum(each.frames - frames for each, (frames, _) in zip(watched, before, strict=True)) / RATE
    pictures = sum(each.pictures - made for each, (_, made) in zip(watched, before, strict=True))
    return {"here_s": here_s, "readers_s": 0.0, "film_s": film_s, "pictures": pictures, "rss_mib": []}


def decode_all(port: int, every_s: float, watched: Watched) -> None:
    """One viewer, until the process ends."""
    due_s = 0.0
    with av.open(f"rtsp://127.0.0.1:{port}/stream1", options=RTSP_OPTIONS) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for frame in container.decode(stream):
            watched.frames += 1
            if (frame.time or 0.0) >= due_s:
                due_s = (frame.time or 0.0) + every_s
                cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
                watched.pictures += 1
                watched.seen.set()


def main() -> None:
    side, every_ms, seconds, port, cameras = sys.argv[1:]
    cv2.setNumThreads(1)
    chosen = (int(every_ms), float(seconds), int(port), int(cameras))
    found = asyncio.run(by_readers(*chosen)) if side == "readers" else by_decoding_everything(*chosen)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
