"""usage: python -m fakecamera CLIP --port PORT [--path PATH] [--fault-file FILE] [--apart SECONDS] [--dialect NAME]

Video over RTSP, H.264 or H.265, on loopback. With a path it answers 404 to any other. With a file, the camera has the
fault whose name is written into it (`fakecamera.faults`), while it is there. `--apart`: each viewer sees a later moment
of the film than the one before, as if it were another camera. With a dialect it speaks RTSP as some real cameras do
(`fakecamera.dialects`).
"""

import argparse
import asyncio
import signal
from pathlib import Path
from urllib.parse import urljoin

from fakecamera.dialects import DIALECTS, PLAIN
from fakecamera.faults import follow
from fakecamera.pictures import LoopedClip
from fakecamera.server import Behaviour, fake_camera


def main() -> None:
    parser = argparse.ArgumentParser(prog="fakecamera", description="Serve a video over RTSP on loopback.")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--port", type=int, default=8554)
    parser.add_argument("--fault-file", type=Path)
    parser.add_argument("--apart", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--dialect", choices=DIALECTS)
    parser.add_argument("--path", help="the only one that it knows, such as /demo (default: any)")
    asyncio.run(serve(parser.parse_args()))


async def serve(chosen: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clip = LoopedClip(chosen.clip)
    behaviour = Behaviour(apart_s=chosen.apart, dialect=DIALECTS.get(chosen.dialect, PLAIN), path=chosen.path)
    async with fake_camera(clip, behaviour, port=chosen.port) as camera, asyncio.TaskGroup() as tasks:
        print(f"serving {chosen.clip.name} at {urljoin(camera.address, chosen.path)}", flush=True)
        if chosen.fault_file is not None:
            following = tasks.create_task(follow(camera, clip, chosen.clip, chosen.fault_file))
        await stop.wait()
        if chosen.fault_file is not None:
            following.cancel()


if __name__ == "__main__":
    main()
