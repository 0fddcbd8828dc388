"""The demo's camera as a part of the stack: an RTSP server on loopback that shows the demo clip over and over."""

import asyncio
import os
import sys
from pathlib import Path

from stack.part import Part
from stack.process import Command
from stack.settings import REPO, StackSettings

PATH = "/demo"


def address(settings: StackSettings) -> str:
    """What the demo's camera is registered with."""
    return f"rtsp://127.0.0.1:{settings.port('camera')}{PATH}"


def part(settings: StackSettings, clip: Path) -> Part:
    """Ready when it takes a connection."""
    command = Command(
        name="camera",
        argv=[
            sys.executable,
            "-m",
            "fakecamera",
            str(clip),
            "--port",
            str(settings.port("camera")),
            "--path",
            PATH,
            "--fault-file",
            str(settings.home / "camera-fault"),
        ],
        log=settings.home / "logs" / "camera.log",
        env={**os.environ, "PYTHONPATH": str(REPO / "deploy" / "demo")},
        cwd=settings.home,
        grace_s=5.0,
    )

    async def answers() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", settings.port("camera"))
        writer.close()

    return Part(name="camera", command=lambda: command, probe=answers, alive=answers)
