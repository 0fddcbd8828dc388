"""One question to an external cropper, and what can go wrong with it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import httpx

from api.http.layouts import MOST_LAYOUT_BYTES
from api.model.layout_sources import (
    PULL_S,
    Answered,
    LayoutSourceFailed,
    LayoutSourceFault,
    LayoutSourceInvalid,
    LayoutSourceNotAllowed,
    LayoutSourceRefused,
    LayoutSourceUnreachable,
    etag_of,
)
from outbound import BadAddress, NoSuchHost, NotAllowed, Policy
from outbound.http import Answer, Encoded, GuardedClient, RedirectRefused, TooLarge, TooManyRedirects

NOT_MODIFIED = 304
_FAULTS: tuple[tuple[type[Exception], type[LayoutSourceFault], str], ...] = (
    (NotAllowed, LayoutSourceNotAllowed, ""),
    (RedirectRefused, LayoutSourceNotAllowed, ""),
    (BadAddress, LayoutSourceNotAllowed, ""),
    (NoSuchHost, LayoutSourceUnreachable, "Its name is not known."),
    (TooManyRedirects, LayoutSourceFailed, "It redirects too often."),
    (TooLarge, LayoutSourceInvalid, "It is larger."),
    (Encoded, LayoutSourceInvalid, "It is compressed, which was not asked for."),
    (httpx.TimeoutException, LayoutSourceUnreachable, "It did not answer in time."),
    (TimeoutError, LayoutSourceUnreachable, "It did not answer in time."),
    (httpx.ConnectError, LayoutSourceUnreachable, "No connection, or no valid certificate."),
    (httpx.HTTPError, LayoutSourceUnreachable, "The connection broke off."),
)


async def fetch(
    policy: Policy, tls: ssl.SSLContext, url: str, headers: Mapping[str, str], token: str | None, picture: bytes | None
) -> Answered | None:
    """The cropper's document; None where it answers a condition with 304. `picture`: a JPEG to post.

    Raises LayoutSourceFault.
    """
    sent = dict(headers) | {"Accept": "application/json"}
    with _as_faults():
        async with (
            asyncio.timeout(PULL_S),
            _opened(policy, tls, url, token) as client,
            _asked(client, url, sent, picture) as answer,
        ):
            if answer.status == NOT_MODIFIED and "If-None-Match" in headers:
                return None
            _check_status(answer.status)
            return Answered(await answer.body(MOST_LAYOUT_BYTES), etag_of(answer.headers))


@asynccontextmanager
async def _opened(policy: Policy, tls: ssl.SSLContext, url: str, token: str | None) -> AsyncIterator[GuardedClient]:
    client = GuardedClient(policy, url, bearer=token, tls=tls)
    try:
        yield client
    finally:
        await client.close()


def _asked(
    client: GuardedClient, url: str, headers: dict[str, str], picture: bytes | None
) -> AbstractAsyncContextManager[Answer]:
    if picture is None:
        return client.get(url, headers)
    return client.post(url, picture, headers | {"Content-Type": "image/jpeg"})


def _check_status(status: int) -> None:
    """Raises LayoutSourceRefused, LayoutSourceFailed."""
    if status in (401, 403):
        raise LayoutSourceRefused(f"Its status is {status}.")
    if status != httpx.codes.OK:
        raise LayoutSourceFailed(f"Its status is {status}.")


@contextmanager
def _as_faults() -> Iterator[None]:
    """Errors of a request become LayoutSourceFault; nothing of the cropper's own words is taken over."""
    try:
        yield
    except tuple(kind for kind, _, _ in _FAULTS) as error:
        fault, detail = next((fault, detail) for kind, fault, detail in _FAULTS if isinstance(error, kind))
        raise fault(detail) from error
