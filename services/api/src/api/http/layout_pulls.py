"""Pulls layouts from external croppers, one by one as they are due.

It runs in the process that serves HTTP, because a pulled layout goes the way of one that is sent: through
`layout_saving`, with the same checks, matching, events and objects.
"""

import asyncio
import secrets
import ssl
from collections.abc import Collection
from typing import Any

from fastapi.exceptions import RequestValidationError

from api.compute import compute
from api.http.dependencies import HttpDependencies
from api.http.documents.layouts import NewLayout
from api.http.layout_exchange import read_drawing
from api.http.layout_fetching import fetch
from api.http.layout_saving import foreign_tables, save_in
from api.http.problems import refused_fields
from api.metrics import LAYOUT_PULLS
from api.model import seal
from api.model.errors import ApiError, CameraNotFound
from api.model.layout_sources import (
    UNCHANGED_OUTCOME,
    Answered,
    Claimed,
    LayoutSourceBroke,
    LayoutSourceEmpty,
    LayoutSourceFault,
    LayoutSourceInvalid,
    LayoutSourceTokenUnreadable,
    LayoutSourceWithoutPicture,
    Outcome,
    author_of,
    conditions,
    failure,
    made,
    outcome_of,
    question,
    sealing_key,
    size_of,
)
from api.model.layouts import PULLED
from api.model.seal import SealBroken
from api.model.types import Json
from api.store import cameras, layout_sources, layouts
from chassis.clock import wait_or_stop
from chassis.database import DISCONNECTED
from chassis.errors import CodedError
from objects.store import Gone
from outbound import Policy
from tablewatch_schemas import ContractError
from tablewatch_schemas.foreign import read_json
from tablewatch_schemas.layout import Layout

POLL_S = 2.0
AT_ONCE = 4
"""Pulls of one process. A site has fewer (`layout_sources.AT_ONCE_OF_SITE`): if its croppers hang, no other's wait."""


class LayoutPulls:
    """Any number of processes may run it: a pull is leased, and only who holds the lease writes its outcome."""

    def __init__(self, deps: HttpDependencies, policy: Policy, log: Any) -> None:
        self._deps, self._policy, self._log = deps, policy, log
        self._tls = ssl.create_default_context()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        await asyncio.gather(*(self._work(stop) for _ in range(AT_ONCE)))

    async def _work(self, stop: asyncio.Event) -> None:
        """A pull that a part of ours breaks off is taken up again when its lease has ended."""
        while not stop.is_set():
            try:
                while not stop.is_set() and await self.pull_one():
                    pass
            except (*DISCONNECTED, OSError) as error:
                self._log.warning("layout_pull_put_off", error=repr(error))
            except Exception as error:  # noqa: BLE001 (what a stranger answers must not end the process)
                self._log.error("layout_pull_broke", exc_info=error)
            await wait_or_stop(self._deps.clock, POLL_S, stop)

    async def pull_one(self) -> bool:
        """Do the pull that is due longest; False when none is."""
        async with self._deps.pool.acquire() as conn:
            claimed = await layout_sources.claim(conn, secrets.token_hex(8), self._deps.now())
        if claimed is None:
            return False
        try:
            outcome = await self._pulled(claimed)
        except CameraNotFound:  # an api of before, which knows no sources, has deleted it
            async with self._deps.pool.acquire() as conn:
                await layout_sources.remove(conn, claimed.camera_id)
            return True
        except (LayoutSourceFault, ApiError) as error:
            outcome = await self._failed(claimed, error)
        except (*DISCONNECTED, OSError):
            raise
        except Exception:
            await self._failed(claimed, LayoutSourceBroke())
            raise
        if outcome is not None:
            self._deps.metrics.count(LAYOUT_PULLS, code=outcome.code)
            self._log.info("layout_pull", camera_id=claimed.camera_id, code=outcome.code, version=outcome.version)
        return True

    async def _failed(self, claimed: Claimed, error: CodedError) -> Outcome:
        outcome = failure(error)
        async with self._deps.pool.acquire() as conn:
            await layout_sources.record(conn, claimed, outcome, self._deps.now())
        return outcome

    async def _pulled(self, claimed: Claimed) -> Outcome | None:
        """Ask, and take what is answered; None where it is another's pull by now.

        Raises LayoutSourceFault, ApiError.
        """
        async with self._deps.transaction([claimed.site_id]) as conn:
            camera = await cameras.get(conn, [claimed.site_id], claimed.camera_id)
            newest = await cameras.layout(conn, camera)
            status = await cameras.status(conn, claimed.camera_id)
        picture = await self._picture((status or {}).get("snapshot_key")) if claimed.send_picture else None
        url = question(claimed.url, claimed.camera_id, size_of(newest))
        answered = await fetch(self._policy, self._tls, url, conditions(claimed), self._token(claimed), picture)
        if answered is None or answered.body_hash == claimed.body_hash:
            return await self._nothing_new(claimed, answered)
        return await self._taken(claimed, answered, await _document(answered.body))

    async def _nothing_new(self, claimed: Claimed, answered: Answered | None) -> Outcome:
        async with self._deps.pool.acquire() as conn:
            await layout_sources.record(conn, claimed, UNCHANGED_OUTCOME, self._deps.now(), answered)
        return UNCHANGED_OUTCOME

    async def _taken(self, claimed: Claimed, answered: Answered, document: Json) -> Outcome | None:
        """Version and outcome in one transaction: after a crash there are both, or neither.

        Raises LayoutSourceFault, ApiError.
        """
        drawing = await _drawing(document)
        foreign = await foreign_tables(self._deps, claimed.camera_id, drawing)
        async with self._deps.store_writes.place(), self._deps.transaction([claimed.site_id]) as conn:
            camera = await cameras.get(conn, [claimed.site_id], claimed.camera_id, lock=True)
            if not await layout_sources.is_mine(conn, claimed):
                return None
            if (newest := await cameras.layout(conn, camera)) is not None:
                drawing = await compute(beside, drawing, newest, document.keys())
            author = layouts.Author(None, author_of(claimed.url))
            drawn = await save_in(conn, self._deps, camera, drawing, foreign, author, PULLED)
            is_new = drawn.layout.version != camera["layout_version"]
            outcome, change = outcome_of(drawn, is_new=is_new), made(drawn) if is_new else None
            await layout_sources.record(conn, claimed, outcome, self._deps.now(), answered, change)
        return outcome

    async def _picture(self, key: str | None) -> bytes:
        """Raises LayoutSourceWithoutPicture."""
        try:
            if key is not None:
                return await self._deps.objects.get(key)
        except Gone:
            pass
        raise LayoutSourceWithoutPicture

    def _token(self, claimed: Claimed) -> str | None:
        """Raises LayoutSourceTokenUnreadable."""
        if claimed.token is None:
            return None
        secret = self._deps.settings.link_secret.get_secret_value()
        try:
            return seal.unseal(sealing_key(secret, claimed.camera_id, claimed.url), claimed.token).decode()
        except SealBroken as error:
            raise LayoutSourceTokenUnreadable from error


async def _document(body: bytes) -> Json:
    """Raises LayoutSourceInvalid."""
    try:
        document = await compute(read_json, body)
    except ContractError as error:
        raise LayoutSourceInvalid("It cannot be read.") from error
    if not isinstance(document, dict):
        raise LayoutSourceInvalid("It is another value.")
    return document


async def _drawing(document: Json) -> NewLayout:
    """Raises what a document that is imported is refused with."""
    try:
        return await compute(read_drawing, "crop", document, None)
    except RequestValidationError as error:
        raise refused_fields(error) from error


AREAS = ("floor", "ignore")


def beside(drawing: NewLayout, newest: Layout, said: Collection[str]) -> NewLayout:
    """The drawing with floor and ignore areas of before, where the document (its fields are `said`) has none of them.

    Raises LayoutSourceEmpty, LayoutTooLarge.
    """
    if newest.tables and not drawing.tables:
        raise LayoutSourceEmpty
    before = newest.to_dict()
    kept = {name: before[name] for name in AREAS if name not in said}
    return NewLayout.model_validate(drawing.model_dump() | kept) if kept else drawing
