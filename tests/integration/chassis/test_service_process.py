"""A whole process made with `service.main`: settings, operations port, signals, exit codes. No server is needed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from stack.ports import free_ports

PROGRAM = """
import asyncio
from chassis.metrics import WORK
from chassis.service import Service, main
from chassis.settings import ServiceSettings

class Settings(ServiceSettings):
    toy_task: str = "wait"

async def build(service, settings):
    async def closed():
        print("closed", flush=True)
    async def task(stop):
        if settings.toy_task == "raise":
            raise ValueError("boom hunter2")
        if settings.toy_task == "wait":
            await stop.wait()
            print("drained", flush=True)
        if settings.toy_task == "hang":
            service.health.expect("toy", 0.2)
            await stop.wait()
    service.on_close(closed)
    service.task("toy", task)
    service.metrics.count(WORK, stage="toy", outcome="ok")

if __name__ == "__main__":
    main("toy", Settings, build)
"""


@contextmanager
def process(folder: Path, **env: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    program = folder / "toy.py"
    program.write_text(PROGRAM)
    (port,) = free_ports(1)
    command = [sys.executable, str(program)]
    env = os.environ | {"OPS_PORT": str(port)} | env
    child = subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield child, f"http://127.0.0.1:{port}"
    finally:
        child.kill()
        child.wait()


def get(url: str) -> tuple[int, str]:
    """Status and body, once the port answers."""
    until = time.monotonic() + 60
    while True:
        try:
            response = httpx.get(url, timeout=5)
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return response.status_code, response.text


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_closes_and_leaves_with_0(tmp_path: Path, how: signal.Signals) -> None:
    with process(tmp_path) as (child, ops):
        assert get(f"{ops}/livez")[0] == 200
        assert get(f"{ops}/readyz")[0] == 200
        assert 'tablewatch_work_total{outcome="ok",stage="toy"} 1.0' in get(f"{ops}/metrics")[1]
        child.send_signal(how)
        assert child.wait(timeout=30) == 0
        assert child.stdout is not None
        assert child.stdout.read().split() == ["drained", "closed"]


@pytest.mark.parametrize("task", ["raise", "end"])
def test_a_task_that_ends_ends_the_process_with_1(tmp_path: Path, task: str) -> None:
    with process(tmp_path, TOY_TASK=task) as (child, _ops):
        assert child.wait(timeout=60) == 1
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.read().split() == ["closed"]
        lines = [json.loads(line) for line in child.stderr.read().splitlines()]
        assert all(line["service"] == "toy" for line in lines)
        assert any(line["event"] == "task_failed" for line in lines) == (task == "raise")


def test_no_progress_is_not_alive(tmp_path: Path) -> None:
    with process(tmp_path, TOY_TASK="hang") as (_child, ops):
        get(f"{ops}/livez")
        time.sleep(0.5)
        status, body = get(f"{ops}/livez")
        assert (status, json.loads(body)["ok"]) == (503, False)
        assert "toy" in json.loads(get(f"{ops}/readyz")[1])["complaints"]


def test_settings_are_checked_and_the_version_is_said(tmp_path: Path) -> None:
    program = tmp_path / "toy.py"
    program.write_text(PROGRAM)

    def run(argument: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(program), argument], env=os.environ | env, text=True, capture_output=True, check=False
        )

    assert run("--check-settings").returncode == 0
    wrong = run("--check-settings", PARTITIONS="none")
    assert wrong.returncode == 1
    assert "partitions" in wrong.stderr
    assert run("--version").stdout.startswith("toy ")
