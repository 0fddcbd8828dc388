"""Extractor processes as they are deployed, for tests that kill them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any


class Extractor:
    """One process of `python -m extractor` and its log."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self._log = process, log

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    def segments(self, run_id: str) -> list[int]:
        """Numbers of the segments that this process finished, in order."""
        lines = [line for line in self.lines() if line.get("event") == "segment" and line.get("run_id") == run_id]
        return [line["number"] for line in lines if line["outcome"] == "ok"]

    def failures(self, run_id: str) -> list[str]:
        """Errors of the attempts at segments of a run. The broker is shared: uploads of other tests come here too."""
        lines = [line for line in self.lines() if line.get("event") == "segment_failed" and line["run_id"] == run_id]
        return [line["error"] for line in lines]

    async def decoders(self) -> list[int]:
        """Process ids of its decoders, whether they are up or not."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [int(pid) for children in tasks for pid in children.read_text().split()]
        return [pid for pid in children if b"extractor.media" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    async def kill(self) -> None:
        """As the kernel does when memory runs out."""
        os.kill(self.process.pid, signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def extractor(
    name: str, folder: Path, kafka: str, database: str, objects_dir: Path, **settings: str
) -> AsyncIterator[Extractor]:
    """A process that ends with the block, however it ends."""
    log = folder / f"{name}.log"
    environment = os.environ | {
        "KAFKA_BOOTSTRAP": kafka,
        "DATABASE_URL": database,
        "OBJECTS_DIR": str(objects_dir),
        "TABLEWATCH_HOME": str(folder),
        "LINK_SECRET": "s" * 32,
        "OPS_PORT": "0",
        "EXTRACTOR_RUN_WINDOW": "0",
        "EXTRACTOR_LEASE_S": "3",
        **settings,
    }
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "extractor", env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield Extractor(process, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
