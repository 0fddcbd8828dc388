"""A store that never answers keeps those waiting who write to it, and nobody else."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, make_place

from api.http.store_writes import StoreWrites
from objects.links import LinkSigner
from objects.local import LocalObjects

REQUESTS = 12
"""More than the pool of the stage has connections."""


class HangingObjects(LocalObjects):
    """Takes no object until it is let go."""

    def __init__(self, folder: Path, signer: LinkSigner) -> None:
        super().__init__(folder, signer)
        self.asked, self.recovered = 0, asyncio.Event()

    async def put(self, *arguments: Any, **more: Any) -> None:
        """See ObjectStore."""
        self.asked += 1
        await self.recovered.wait()
        await super().put(*arguments, **more)


async def test_others_are_answered_while_the_store_hangs(stage: Stage, tmp_path: Path) -> None:
    place = await make_place(await stage.client())
    objects = HangingObjects(tmp_path / "objects", stage.deps.signer)
    stage.app, stage.deps = None, replace(stage.deps, objects=objects, store_writes=StoreWrites(wait_s=2))
    client, other = await stage.client(), await stage.client()
    video = {"site_id": place.site_id, "make": ["frames"]}
    layout = {
        "reference": {"width": 100, "height": 100},
        "tables": [{"label": "9", "seats": 2, "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}],
    }
    writes = [asyncio.create_task(client.post("/v1/videos", json=video)) for _ in range(REQUESTS)]
    writes += [asyncio.create_task(client.put(f"/v1/cameras/{place.camera_id}/layout", json=layout))]
    async with asyncio.timeout(60):
        while objects.asked < 3:
            await asyncio.sleep(0.05)
        answer(await other.get("/v1/sites"), 200)
        refused, waiting = await asyncio.wait(writes, timeout=5)
        assert (len(refused), len(waiting), objects.asked) == (REQUESTS - 2, 3, 3)
        for each in refused:
            problem = answer(each.result(), 503)
            assert (problem["dependency"], problem["cause"], problem["retryable"]) == (
                "store", "store_unreachable", True,
            )  # fmt: skip
        objects.recovered.set()
        for each in waiting:
            assert (await each).status_code in (200, 201)
    answer(await client.post("/v1/videos", json=video), 201)
