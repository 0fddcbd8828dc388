"""usage: python -m stack run | stop | demo-check"""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from stack import home
from stack.console import Console
from stack.demo import make_clip, show, uploaded_video
from stack.errors import StackError
from stack.parent import interrupted
from stack.settings import REPO, StackSettings, from_environment
from stack.supervisor import Supervisor

STOP_PATIENCE_S = 40
UPLOAD_PATIENCE_S = 60


def run(settings: StackSettings) -> int:
    """Start the stack and stay until Ctrl-C or SIGTERM; the exit code."""
    os.umask(0o077)
    with home.held(settings.home):
        return asyncio.run(_run(settings, Console()))


async def _run(settings: StackSettings, console: Console) -> int:
    stop = _stop_signals()
    supervisor = Supervisor(settings, console)
    work = asyncio.create_task(_work(supervisor, settings))
    asked = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await _stop(supervisor, console)
    return 0


async def _stop(supervisor: Supervisor, console: Console) -> None:
    running = supervisor.pids()
    if running:
        console.step("stopping")
    await supervisor.stop()
    if running:
        console.step("stopped")


async def _work(supervisor: Supervisor, settings: StackSettings) -> None:
    filming = asyncio.create_task(_film(supervisor, settings)) if settings.demo else None
    try:
        await supervisor.start()
        await show(supervisor, filming)
    finally:
        if filming:
            filming.cancel()
            await asyncio.gather(filming, return_exceptions=True)


async def _film(supervisor: Supervisor, settings: StackSettings) -> Path:
    return await make_clip(settings.home / "demo", supervisor.console.step)


def _stop_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    loop.create_task(_watch_parent(stop))  # noqa: RUF006 (kept by the loop's timer; ends with the loop)
    return stop


async def _watch_parent(stop: asyncio.Event) -> None:
    gone: Callable[[], bool] = interrupted()
    while not gone():  # noqa: ASYNC110 (there is no event for it)
        await asyncio.sleep(0.5)
    stop.set()


def stop(settings: StackSettings) -> int:
    """Ask the stack on this home to stop, and wait for it."""
    pid = home.holder(settings.home)
    if pid is None:
        sys.stdout.write(f"No stack runs on {settings.home}\n")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_PATIENCE_S
    while home.holder(settings.home) == pid:
        if time.monotonic() > deadline:
            raise StackError(f"The stack (process {pid}) did not stop within {STOP_PATIENCE_S} s")
        time.sleep(0.1)
    sys.stdout.write("stopped\n")
    return 0


def demo_check(settings: StackSettings) -> int:
    """Compare what the topics of the running stack said of the demo with the truth; waits for this start's upload."""
    program = str(REPO / "deploy" / "demo" / "check.py")
    command = [sys.executable, program, "--home", str(settings.home), "--wait", "300"]
    if settings.demo and home.holder(settings.home) and (video := uploaded_video(settings.home, UPLOAD_PATIENCE_S)):
        command += ["--video", video]
    return subprocess.run(command, check=False).returncode


def main() -> int:
    """One command."""
    commands = {"run": run, "stop": stop, "demo-check": demo_check}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a probe that fails is "not yet", not news
    try:
        return commands[sys.argv[1]](from_environment())
    except StackError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
