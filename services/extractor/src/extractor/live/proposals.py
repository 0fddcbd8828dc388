"""Proposes a layout for a camera that was moved: what its tables look like in the present picture."""

import asyncio
from datetime import datetime
from typing import Any, Protocol

from chassis.clock import Clock
from events.documents import Documents
from extractor.model.alignment import Alignment
from extractor.model.camera_failures import CameraFailed
from extractor.model.camera_health import Health
from extractor.model.carried import Carried, carry_over
from extractor.model.proposal import REFUSED_S, SOON_S, Outcome, agrees, is_same_as, next_estimate_s, sentence
from objects.store import Gone, ObjectStore
from tablewatch_schemas import (
    CameraConfig,
    CameraStatusLayoutProposal,
    ContractError,
    keys,
    new_id,
)
from tablewatch_schemas.layout import Layout


class Aligner(Protocol):
    """A process that looks at pictures."""

    async def align(self, before: bytes, after: bytes) -> Alignment | None:
        """Raises CameraFailed."""


class Proposals:
    """Of one camera and source. `standing`: the one that was published last.

    An estimate runs beside the capture, one at a time. What it finds is proposed when the next one finds the same: a
    camera that is still being turned gives two different ones.
    """

    def __init__(
        self, store: ObjectStore, aligner: Aligner, documents: Documents, clock: Clock, log: Any,
        standing: CameraStatusLayoutProposal | None = None,
    ) -> None:  # fmt: skip
        self._store, self._aligner, self._documents = store, aligner, documents
        self._clock, self._log, self._standing = clock, log, standing
        self._found: Outcome | None = None
        self._due_s = clock.monotonic()
        self._task: asyncio.Task[None] | None = None

    def standing(self, config: CameraConfig) -> CameraStatusLayoutProposal | None:
        """What is proposed now; one that was made of another layout is not any more."""
        now = self._standing
        return now if now is not None and now.layout_version == config.layout_version else None

    def consider(self, config: CameraConfig, before: bytes | None, picture: bytes, health: Health) -> None:
        """A picture came, after the last good snapshot `before`; begins an estimate where one is due."""
        if health == Health():
            self.forget()  # also an estimate under way: what it would propose is over
        self._standing = self.standing(config)
        if health.trouble != "moved" or config.layout_key is None or before is None:
            self._found, self._due_s = None, self._clock.monotonic()
            return
        if self._task is not None:
            if not self._task.done():
                return
            self._ends(self._task)
        if self._clock.monotonic() >= self._due_s:
            self._task = asyncio.ensure_future(self._estimate(config, config.layout_key, before, picture))

    def _ends(self, task: asyncio.Task[None]) -> None:
        """A fault of ours in an estimate is logged, and waited after: the capture goes on without."""
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("layout_proposal_broke", exc_info=error)
            self._found, self._due_s = None, self._clock.monotonic() + REFUSED_S

    def forget(self) -> None:
        """The camera shows something else from now on, or what it showed before."""
        if self._task is not None:
            self._task.cancel()
        self._task, self._standing, self._found = None, None, None

    async def stop(self) -> None:
        """Give up what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _estimate(self, config: CameraConfig, layout_key: str, before: bytes, picture: bytes) -> None:
        try:
            layout = await self._documents.layout(layout_key)
            is_empty = not layout.tables and not layout.floor
            wait_s = REFUSED_S if is_empty else await self._compare(config, layout, before, picture)
        except (CameraFailed, Gone, ContractError, OSError) as error:
            self._put_off(config, error)
            self._found, wait_s = None, SOON_S
        self._due_s = self._clock.monotonic() + wait_s

    async def _compare(self, config: CameraConfig, layout: Layout, before: bytes, picture: bytes) -> float:
        """Seconds until the next estimate. Raises CameraFailed."""
        outcome = await asyncio.to_thread(carry_over, layout, await self._aligner.align(before, picture))
        settled = agrees(self._found, outcome)
        self._found = outcome
        if settled and not is_same_as(self._standing, outcome):
            try:
                self._standing = await self._stored(config, layout, outcome, before, picture)
            except OSError as error:  # no estimate every few seconds for a store that takes nothing
                self._put_off(config, error)
                return REFUSED_S
            self._log.info("layout_proposed", camera_id=config.camera_id, code=self._standing.code or "")
        return next_estimate_s(outcome, settled=settled)

    def _put_off(self, config: CameraConfig, error: Exception) -> None:
        self._log.warning("layout_proposal_put_off", camera_id=config.camera_id, error=repr(error))

    async def _stored(
        self, config: CameraConfig, layout: Layout, outcome: Outcome, before: bytes, picture: bytes
    ) -> CameraStatusLayoutProposal:
        """The objects first: nothing may name what cannot be read. Raises OSError."""
        proposal = proposal_of(config, layout, outcome, new_id("prop"), self._clock.now())
        await self._store.put(proposal.before_key, before, "image/jpeg")
        await self._store.put(proposal.after_key, picture, "image/jpeg")
        if isinstance(outcome, Carried) and proposal.layout_key is not None:
            proposed = outcome.layout_as(proposal.layout_key, proposal.made_at)
            await self._store.put(proposal.layout_key, proposed.to_json(), "application/json")
        return proposal


def proposal_of(
    config: CameraConfig, layout: Layout, outcome: Outcome, proposal_id: str, now: datetime
) -> CameraStatusLayoutProposal:
    """As it is published."""
    of_camera = config.site_id, config.camera_id, proposal_id
    carried = outcome if isinstance(outcome, Carried) else None
    return CameraStatusLayoutProposal(
        proposal_id=proposal_id,
        made_at=now,
        layout_version=layout.version,
        code=None if isinstance(outcome, Carried) else outcome,
        reason=sentence(layout, outcome),
        layout_key=None if carried is None else keys.layout_proposal(*of_camera),
        lost_table_ids=() if carried is None else carried.lost,
        transform=None if carried is None else carried.transform,
        before_key=keys.proposal_picture(*of_camera, "before"),
        after_key=keys.proposal_picture(*of_camera, "after"),
    )
