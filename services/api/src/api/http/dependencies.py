"""What the handlers work with."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

import asyncpg
from fastapi import Depends, Request

from api.events.hub import Hub
from api.events.judged import Judged
from api.events.views import Views
from api.http.consumer_groups import ConsumerGroups
from api.http.store_writes import StoreWrites
from api.model.types import Sites
from api.project.live_crops import LiveCrops
from api.settings import ApiSettings
from api.store import Connection
from api.store.row_security import RowSecurity
from chassis.clock import Clock
from chassis.metrics import Metrics
from objects.links import LinkSigner
from objects.space import StoreSpace
from objects.store import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDependencies:
    """Everything that a request may need; made once, in `__main__`."""

    settings: ApiSettings
    row_security: RowSecurity
    objects: ObjectStore
    space: StoreSpace
    signer: LinkSigner
    hub: Hub
    clock: Clock
    metrics: Metrics
    live_crops: LiveCrops | None = None
    judged: Judged
    views: Views | None = None
    groups: ConsumerGroups | None = None
    complaints: Callable[[], Mapping[str, str]] | None = None
    """By dependency or task, as `/readyz` shows them."""
    store_writes: StoreWrites = field(default_factory=StoreWrites)
    scored_drawings: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Of the drawings whose score is asked for one is computed at a time, so that others have their turn between."""

    @property
    def pool(self) -> asyncpg.Pool:
        """The owner's pool, for use before the caller is known; afterwards use `transaction`."""
        return self.row_security.pool

    def transaction(self, sites: Sites) -> AbstractAsyncContextManager[Connection]:
        """A transaction that Postgres restricts to the rows of these sites."""
        return self.row_security.transaction(sites)

    def now(self) -> datetime:
        """The time, cut to the millisecond that documents show."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    async def link(self, key: str | None) -> str | None:
        """A link to an object that expires; None for no object."""
        return None if key is None else await self.objects.link(key, self.settings.api_link_ttl_s)

    def link_to_part(self, key: str, offset: int, length: int) -> str:
        """A link of our own to some bytes of an object: a presigned one of S3 would open all of it."""
        expires = int(self.clock.now().timestamp()) + self.settings.api_link_ttl_s
        return self.signer.sign(key, expires, part=f"{offset}-{length}")


def dependencies(request: Request) -> HttpDependencies:
    """Those of the request's app."""
    found: HttpDependencies = request.app.state.dependencies
    return found


Deps = Annotated[HttpDependencies, Depends(dependencies)]
