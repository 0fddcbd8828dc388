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

from lines.visible import visible
from stack import files, home
from stack.console import Console
from stack.demo import make_clip, show, uploaded_video
from stack.keep import cancelled, keep
from stack.process import interrupted
from stack.settings import REPO, StackError, StackSettings, from_environment
from stack.supervisor import Supervisor

STOP_TIMEOUT_S = 40
UPLOAD_TIMEOUT_S = 60


def run(settings: StackSettings) -> int:
    """Start the stack and stay until Ctrl-C or SIGTERM; the exit code."""
    os.umask(0o077)
    files.raise_limit()
    with home.locked(settings.home):
        return asyncio.run(_run(settings, Console()))


async def _run(settings: StackSettings, console: Console) -> int:
    stop = _stop_signals()
    parent = asyncio.create_task(keep("make", lambda: _watch_parent(stop), console.event))
    supervisor = Supervisor(settings, console)
    work = asyncio.create_task(_work(supervisor, settings))
    signalled = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({work, signalled}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
    finally:
        await cancelled(work, signalled, parent)
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
    clip = asyncio.create_task(_make_demo_clip(supervisor, settings)) if settings.demo else None
    try:
        await supervisor.start()
        await show(supervisor, clip)
    finally:
        if clip:
            await cancelled(clip)


async def _make_demo_clip(supervisor: Supervisor, settings: StackSettings) -> Path:
    return await make_clip(settings.home / "demo", supervisor.console.step)


def _stop_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _watch_parent(stop: asyncio.Event) -> None:
    make_is_gone: Callable[[], bool] = interrupted()
    while not make_is_gone():  # noqa: ASYNC110 (there is no event for it)
        await asyncio.sleep(0.5)
    stop.set()


def stop(settings: StackSettings) -> int:
    """Ask the stack on this home to stop, and wait for it."""
    pid = home.lock_owner(settings.home)
    if pid is None:
        sys.stdout.write(f"No stack runs on {settings.home}\n")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while home.lock_owner(settings.home) == pid:
        if time.monotonic() > deadline:
            raise StackError(f"The stack (process {pid}) did not stop within {STOP_TIMEOUT_S} s")
        time.sleep(0.1)
    sys.stdout.write("stopped\n")
    return 0


def demo_check(settings: StackSettings) -> int:
    """Compare the states and alerts of the demo clip, uploaded and live, with the truth; waits for the upload of this
    start."""
    program = str(REPO / "deploy" / "demo" / "check.py")
    command = [sys.executable, program, "--home", str(settings.home), "--wait", "300"]
    if settings.demo and home.lock_owner(settings.home) and (video := uploaded_video(settings.home, UPLOAD_TIMEOUT_S)):
        command += ["--video", video, "--live"]
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
    except (StackError, OSError) as error:  # OSError: a full disk, no descriptors, no rights
        sys.stderr.write(visible(f"\n{error}\n"))
        return 1


if __name__ == "__main__":
    sys.exit(main())
