"""A server that is frozen, with all processes that serve its connections, is replaced."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import psutil
import pytest
from stack import part as part_module
from stack.part import PartSupervisor
from stack.ports import free_ports
from stack.postgres import Postgres, answers


@pytest.fixture
async def supervised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Postgres, PartSupervisor]]:
    monkeypatch.setattr(part_module, "ALIVE_EVERY_S", 0.2)
    monkeypatch.setattr(part_module, "ALIVE_TIMEOUT_S", 1.0)
    monkeypatch.setattr(part_module, "ALIVE_MISSES", 2)
    (port,) = free_ports(1)
    postgres = Postgres(home=tmp_path / "postgres", port=port, password="p" * 16)
    part = replace(postgres.part(), command=lambda: replace(postgres.command(), grace_s=1.0))
    supervisor = PartSupervisor(part, report=lambda name, sentence: reports.append(f"{name} {sentence}"))
    reports.clear()
    await supervisor.start()
    yield postgres, supervisor
    await supervisor.stop()


reports: list[str] = []


async def test_a_frozen_server_comes_back(supervised: tuple[Postgres, PartSupervisor]) -> None:
    postgres, supervisor = supervised
    connection = await asyncpg.connect(postgres.url("postgres"))
    pid = supervisor.pid
    assert pid
    server = psutil.Process(pid)
    family = [server, *server.children(recursive=True)]
    for process in family:
        process.suspend()
    async with asyncio.timeout(60):
        while not any("is back" in each for each in reports):
            await asyncio.sleep(0.2)
    assert any("has not been alive" in each for each in reports)
    assert supervisor.pid not in (None, pid)
    await answers(postgres.url("postgres"))
    assert not any(process.is_running() for process in family)
    connection.terminate()
