"""HTTP with a device that nobody knows yet: to it alone, and no more of its answer than can be read quickly."""

import ipaddress
import re
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from urllib.request import parse_http_list

import httpx

from extractor.discovery.xml import MOST_BYTES, is_readable
from extractor.model.discovery import IpAddress
from outbound import Policy
from outbound.http import USER_AGENT, Encoded, Guard, TooLarge

TIMEOUT = httpx.Timeout(4.0, connect=2.0)
"""Without a byte; who asks bounds the whole."""
ALGORITHMS = frozenset({"MD5", "MD5-SESS", "SHA", "SHA-SESS", "SHA-256", "SHA-256-SESS", "SHA-512", "SHA-512-SESS"})
_FIELD = re.compile(r'(\w+)="?([^"]*)"?')


@asynccontextmanager
async def http_of(hosts: Iterable[IpAddress], policy: Policy, tls: ssl.SSLContext) -> AsyncIterator[httpx.AsyncClient]:
    """A client that reaches these hosts, as far as the policy permits them, and no others."""
    guard = Guard(policy.only(hosts), tls, _as_written)
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(transport=Bounded(guard), timeout=TIMEOUT, trust_env=False, headers=headers) as client:
        yield client


async def _as_written(host: str, _port: int) -> Sequence[str]:
    """No name is looked up. Raises OSError for one."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError as error:
        raise OSError("a name") from error


class Bounded(httpx.AsyncBaseTransport):
    """Reads an answer whole. What is no XML that may be read is empty, and a challenge that cannot be answered is none.

    Raises TooLarge, Encoded besides what the inner transport raises.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        try:
            body = await _body(response)
        finally:
            await response.aclose()
        challenges = [each for each in response.headers.get_list("www-authenticate") if is_digest(each)]
        return httpx.Response(
            response.status_code,
            headers=[("www-authenticate", each) for each in challenges[:1]],
            content=body if is_readable(body) else b"",
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _body(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise Encoded
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge
    return bytes(body)


def is_digest(challenge: str) -> bool:
    """Whether it is a challenge that httpx can answer: it fails on others as if that were a fault of ours."""
    scheme, _, rest = challenge.partition(" ")
    found = [_FIELD.fullmatch(each.strip()) for each in parse_http_list(rest)]
    fields = {each[1].lower(): each[2] for each in found if each is not None}
    return (
        scheme.lower() == "digest"
        and None not in found
        and {"realm", "nonce"} <= fields.keys()
        and fields.get("algorithm", "MD5").upper() in ALGORITHMS
        and "auth" in re.split(r",\s*", fields.get("qop") or "auth")
    )
