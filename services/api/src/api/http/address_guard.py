"""Slows down who tries wrong keys, sessions and links, before Postgres is asked for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from api.http.dependencies import HttpDependencies
from api.http.errors import TooManyWrongKeys
from api.model.errors import Unauthenticated
from api.store import keys
from chassis.metrics import AUTHENTICATIONS_FAILED
from webserver.wrong_keys import WrongKeys

FRESH_S = 1.0
"""Age at which the good hashes are read again: once a second at most, however many keys are tried."""


class AddressGuard:
    """While an address has failed too often, only what is among the good hashes in memory is looked up for it."""

    def __init__(self, deps: HttpDependencies, log: object) -> None:
        self._deps = deps
        self._wrong = WrongKeys(
            deps.settings.http_failed_keys_per_minute,
            now=deps.clock.monotonic,
            count=lambda what, outcome: deps.metrics.count(AUTHENTICATIONS_FAILED, what=what, outcome=outcome),
            log=log,
        )
        self._good: frozenset[bytes] = frozenset()
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    @asynccontextmanager
    async def attempt(self, request: Request, what: str, secret_hash: bytes | None) -> AsyncIterator[None]:
        """Around a look-up of a key or a session, by the hash of its secret; None where the text is none.

        Counts it when it raises Unauthenticated. Raises TooManyWrongKeys.
        """
        await self.check(request, what, secret_hash)
        try:
            yield
        except Unauthenticated:
            self._wrong.wrong(_host(request), what)
            raise

    async def check(self, request: Request, what: str, secret_hash: bytes | None) -> None:
        """Raises TooManyWrongKeys."""
        wait_s = self._wrong.retry_after_s(_host(request))
        if wait_s and not (secret_hash and await self._is_good(secret_hash)):
            self._refuse(what, wait_s)

    def bad_link(self, request: Request) -> None:
        """Count a signature that is wrong. Raises TooManyWrongKeys."""
        if wait_s := self._wrong.retry_after_s(_host(request)):
            self._refuse("link", wait_s)
        self._wrong.wrong(_host(request), "link")

    def made(self) -> None:
        """A session begins: it is good at once, so read them again before the next is refused."""
        self._read_at = float("-inf")

    def _refuse(self, what: str, wait_s: int) -> None:
        self._wrong.limited(what)
        detail = "Wait, or use a key that is good: those still work."
        raise TooManyWrongKeys(detail, headers={"Retry-After": str(wait_s)})

    async def _is_good(self, secret_hash: bytes) -> bool:
        async with self._reading:
            if self._deps.clock.monotonic() - self._read_at >= FRESH_S:
                async with self._deps.pool.acquire() as conn:
                    self._good = await keys.good_hashes(conn, self._deps.clock.now())
                self._read_at = self._deps.clock.monotonic()
        return secret_hash in self._good


def _host(request: Request) -> str:
    return request.client.host if request.client else ""
