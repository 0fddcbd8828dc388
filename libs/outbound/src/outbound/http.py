"""Requests to addresses that a user, or a document of theirs, names: each is read, resolved once and passes the policy.

That holds for redirects too, which are followed here and not by the library, so that a user name and a password, or a
token, are sent to the origin that they were given for and to no other. What is posted follows none. Nothing of the
environment counts: no proxy, no `.netrc`, and no cookie is kept.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from outbound.address import HTTP, Address, BadAddress, joined, parse
from outbound.policy import Policy
from outbound.resolve import Lookup, NotAllowed, resolve, system_lookup

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_HOSTS = 8
"""Connections to so many hosts are kept open; a playlist may name any number of them."""
PIECES, BYTES_OF_PIECE = 20_000, 256
"""A body may come in so many pieces, and one more for so many bytes: one byte at a time costs a hundred thousand times
as much as it brings."""
PIECES_IN_A_ROW = 100
"""Out of one read, before others get their turn."""
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Without a byte. Who calls bounds the whole."""
USER_AGENT = "tablewatch"

Origin = tuple[str, str, int]


class TooManyRedirects(Exception):
    """More than MAX_REDIRECTS."""


class RedirectRefused(Exception):
    """To what is no address of HTTP, or is not one that may be connected to."""


class TooLarge(Exception):
    """The body is longer than the caller takes, or comes in too many pieces."""


class Encoded(Exception):
    """The body is compressed, which was not asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the last hop: `address` is its own, `body` is not read yet."""

    address: str
    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in any case."""
        return self.response.headers

    async def chunks(self, most: int) -> AsyncIterator[bytes]:
        """The body as it comes. Raises TooLarge, Encoded, httpx.HTTPError; also where it is shorter than declared."""
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise Encoded
        declared = self.headers.get("content-length", "")
        if declared.isascii() and declared.isdecimal() and len(declared) < 20 and int(declared) > most:
            raise TooLarge
        taken = pieces = 0
        async for chunk in self.response.aiter_raw():
            taken += len(chunk)
            pieces += 1
            if taken > most or pieces > PIECES + taken // BYTES_OF_PIECE:
                raise TooLarge
            if pieces % PIECES_IN_A_ROW == 0:
                await asyncio.sleep(0)
            yield chunk

    async def body(self, most: int) -> bytes:
        """All of it. Raises as `chunks` does."""
        return b"".join([chunk async for chunk in self.chunks(most)])


class GuardedClient:
    """For one source: `origin` is the address that the user gave, and `login` its user name and password, or `bearer`
    its token (RFC 6750).

    To be closed. `tls` checks certificates by the name in the address.
    """

    def __init__(
        self,
        policy: Policy,
        origin: str,
        *,
        login: tuple[str, str] | None = None,
        bearer: str | None = None,
        tls: ssl.SSLContext | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        """Raises BadAddress."""
        self._origin = _origin_of(parse(origin, HTTP))
        self._auth = _auth_of(login, bearer)
        self._client = httpx.AsyncClient(
            transport=Guard(policy, tls or ssl.create_default_context(), lookup),
            timeout=TIMEOUT,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
        )

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Answer]:
        """What answers there, redirects followed; its body has to be read within the block.

        Raises BadAddress, NoSuchHost, NotAllowed; RedirectRefused, TooManyRedirects, httpx.HTTPError.
        """
        response = await self._send("GET", url, headers)
        for _ in range(MAX_REDIRECTS):
            if response.status_code not in REDIRECTS or "location" not in response.headers:
                break
            await response.aclose()
            try:
                url = joined(url, response.headers["location"])
                response = await self._send("GET", url, headers)
            except (BadAddress, NotAllowed) as error:
                raise RedirectRefused from error
        try:
            if response.status_code in REDIRECTS and "location" in response.headers:
                raise TooManyRedirects
            yield Answer(url, response)
        finally:
            await response.aclose()

    @asynccontextmanager
    async def post(self, url: str, content: bytes, headers: Mapping[str, str] | None = None) -> AsyncIterator[Answer]:
        """What answers to a body that is sent there, and to nobody else: a redirect is RedirectRefused.

        Raises what `get` does, but for TooManyRedirects.
        """
        response = await self._send("POST", url, headers, content)
        try:
            if response.status_code in REDIRECTS:
                raise RedirectRefused
            yield Answer(url, response)
        finally:
            await response.aclose()

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, content: bytes | None = None
    ) -> httpx.Response:
        """With the login where it belongs. The body of a challenge is not read, as httpx would: it may have no end."""
        address = parse(url, HTTP)
        flow = self._auth.auth_flow(request := self._request(method, url, headers, content))
        if _origin_of(address) != self._origin:
            return await self._client.send(request, auth=None, stream=True, follow_redirects=False)
        request = next(flow)
        while True:
            response = await self._client.send(request, auth=None, stream=True, follow_redirects=False)
            try:
                request = flow.send(response)
            except StopIteration:
                return response
            except (KeyError, ValueError, NotImplementedError) as error:
                await response.aclose()
                raise httpx.RemoteProtocolError("a challenge that cannot be read") from error
            await response.aclose()

    async def close(self) -> None:
        await self._client.aclose()

    def _request(
        self, method: str, url: str, headers: Mapping[str, str] | None, content: bytes | None
    ) -> httpx.Request:
        try:
            return self._client.build_request(method, url, headers=headers, content=content)
        except httpx.InvalidURL as error:
            raise BadAddress("it cannot be read") from error


class CameraAuth(httpx.Auth):
    """Digest where it is asked for (RFC 7616), Basic where that alone is; remembered for the requests that follow."""

    def __init__(self, user: str, password: str) -> None:
        self._digest, self._basic = httpx.DigestAuth(user, password), httpx.BasicAuth(user, password)
        self._takes_basic = False

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        flow = self._basic.auth_flow(request) if self._takes_basic else self._digest.auth_flow(request)
        response: httpx.Response | None = None
        try:
            sending = next(flow)
            while True:
                response = yield sending
                sending = flow.send(response)
        except StopIteration:
            pass
        if response is not None and not self._takes_basic and _asks_for_basic(response):
            self._takes_basic = True
            yield from self._basic.auth_flow(request)


class BearerAuth(httpx.Auth):
    """A token, with every request."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request


class Guard(httpx.AsyncBaseTransport):
    """A transport of httpx: connects to the endpoint that the policy permits, and shows and checks the name that was
    asked for. Raises BadAddress, NoSuchHost, NotAllowed besides what httpx raises."""

    def __init__(self, policy: Policy, tls: ssl.SSLContext, lookup: Lookup) -> None:
        self._policy, self._tls, self._lookup = policy, tls, lookup
        self._by_host: dict[Origin, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = parse(str(request.url), HTTP)
        endpoint = await resolve(address, self._policy, self._lookup)
        direct = httpx.Request(
            request.method,
            request.url.copy_with(host=str(endpoint.ip)),
            headers=request.headers,  # with the Host that was asked for
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": address.host},
        )
        transport = await self._transport(_origin_of(address))
        return await transport.handle_async_request(direct)

    async def aclose(self) -> None:
        for each in self._by_host.values():
            await each.aclose()
        self._by_host = {}

    async def _transport(self, origin: Origin) -> httpx.AsyncHTTPTransport:
        """One for each name: two names at one address are not served by one TLS connection."""
        if origin not in self._by_host:
            if len(self._by_host) >= MAX_HOSTS:
                await self._by_host.pop(next(iter(self._by_host))).aclose()
            self._by_host[origin] = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        return self._by_host[origin]


def _auth_of(login: tuple[str, str] | None, bearer: str | None) -> httpx.Auth:
    if bearer is not None:
        return BearerAuth(bearer)
    return httpx.Auth() if login is None else CameraAuth(*login)


def _origin_of(address: Address) -> Origin:
    return address.scheme, address.host.lower(), address.port


def _asks_for_basic(response: httpx.Response) -> bool:
    """And for nothing better."""
    offered = [each.lower() for each in response.headers.get_list("www-authenticate")]
    digest = any(each.startswith("digest ") for each in offered)
    return response.status_code == 401 and not digest and any(each.startswith("basic") for each in offered)
