"""Real Kafka and Postgres, by the code that starts them for the local stack and for the tests; and databases in it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import asyncpg

from bench.harness import Failed

REPO = Path(__file__).resolve().parents[1]
TIMEOUT_S = 180


@dataclass
class Infrastructure:
    """Both run until the lock on their `users` file is released, or this process ends, however it ends."""

    kafka_bootstrap: str
    database_url: str
    _lock: IO[str]
    _process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Path) -> Infrastructure:
        """Fresh ones in `home`, which is emptied. Raises Failed."""
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        lock = (home / "users").open("a")
        fcntl.flock(lock, fcntl.LOCK_SH)
        environment = os.environ | {"PYTHONPATH": str(REPO / "deploy" / "local")}
        with (home / "infrastructure.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "stack.infrastructure", str(home)], env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + TIMEOUT_S
        while not (home / "ready.json").exists():
            if process.poll() is not None or time.monotonic() > until:
                raise Failed(f"Kafka and Postgres did not start: {(home / 'infrastructure.log').read_text()[-2000:]}")
            time.sleep(0.2)
        addresses = json.loads((home / "ready.json").read_text())
        return cls(addresses["kafka_bootstrap"], addresses["database_url"], lock, process)

    def stop(self) -> None:
        """Release the lock; both end in order."""
        self._lock.close()
        self._process.wait(60)

    def new_database(self) -> str:
        """The address of a new, empty database."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        asyncio.run(self._create(name))
        return urlsplit(self.database_url)._replace(path=f"/{name}").geturl()

    async def _create(self, name: str) -> None:
        conn = await asyncpg.connect(self.database_url)
        await conn.execute(f'CREATE DATABASE "{name}"')
        await conn.close()
