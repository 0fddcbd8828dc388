"""The client of addresses that users name, against real servers on loopback."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from aiohttp import web
from tests.support.http_cameras import HttpCamera, http_camera

from outbound import BadAddress, NotAllowed, Policy
from outbound.http import PIECES, Encoded, GuardedClient, RedirectRefused, TooLarge, TooManyRedirects

BODY = b"picture" * 1000


@pytest.fixture
async def camera() -> AsyncIterator[HttpCamera]:
    made = HttpCamera()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=BODY)

    made.answers["/"] = made.answers["/with?query=1"] = answer
    async with http_camera(made):
        yield made


def policy(*cameras: HttpCamera) -> Policy:
    return Policy.read("", ",".join(f"127.0.0.1:{each.port}" for each in cameras))


async def loopback(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def fetched(client: GuardedClient, address: str, most: int = 1 << 20) -> tuple[int, bytes]:
    try:
        async with client.get(address) as answer:
            return answer.status, await answer.body(most)
    finally:
        await client.close()


def redirecting(camera: HttpCamera, path: str, where: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": where})

    camera.answers[path] = answer


async def test_the_name_is_shown_and_the_address_that_was_permitted_is_connected_to(camera: HttpCamera) -> None:
    address = f"http://Camera.example:{camera.port}/"
    client = GuardedClient(policy(camera), address, lookup=loopback)
    assert await fetched(client, address) == (200, BODY)
    assert camera.requests[0].headers["Host"] == f"camera.example:{camera.port}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])
async def test_what_is_not_permitted_is_not_connected_to(camera: HttpCamera, host: str) -> None:
    address = f"http://{host}:{camera.port}/"
    with pytest.raises(NotAllowed):
        await fetched(GuardedClient(Policy(), address), address)
    assert camera.requests == []


async def test_redirects_pass_the_policy_and_are_counted(camera: HttpCamera) -> None:
    other = HttpCamera()
    async with http_camera(other):
        redirecting(camera, "/moved", "/")
        redirecting(camera, "/round", "/round")
        for number, where in enumerate((other.address("/"), "file:///etc/passwd", "http://2130706433/", "http://[x")):
            redirecting(camera, f"/{number}", where)
            with pytest.raises(RedirectRefused):
                await fetched(GuardedClient(policy(camera), camera.address("/")), camera.address(f"/{number}"))
        assert await fetched(GuardedClient(policy(camera), camera.address("/")), camera.address("/moved")) == (
            200,
            BODY,
        )
        with pytest.raises(TooManyRedirects):
            await fetched(GuardedClient(policy(camera), camera.address("/")), camera.address("/round"))
        assert other.requests == []


async def test_a_password_goes_to_the_origin_that_it_was_given_for_alone(camera: HttpCamera) -> None:
    other = HttpCamera(login=("admin", "secret"), scheme="Basic")
    camera.login = ("admin", "secret")
    async with http_camera(other):
        redirecting(camera, "/moved", other.address("/"))
        client = GuardedClient(policy(camera, other), camera.address("/"), login=camera.login)
        assert (await fetched(client, camera.address("/moved")))[0] == 401
        assert [each.headers.get("Authorization") for each in other.requests] == [None]


@pytest.mark.parametrize("challenge", ["Digest x", "Digest nonce=1", 'Digest realm="a", nonce="b", algorithm=NONE'])
async def test_a_challenge_that_cannot_be_read_is_an_error_of_the_server(camera: HttpCamera, challenge: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    camera.answers["/"] = answer
    client = GuardedClient(policy(camera), camera.address("/"), login=("admin", "secret"))
    with pytest.raises(httpx.ProtocolError):
        await fetched(client, camera.address("/"))


async def test_bodies_are_bounded_and_taken_as_they_are(camera: HttpCamera) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=int(request.query.get("status", "200")))
        answer.headers["WWW-Authenticate"] = 'Digest realm="a", nonce="b"'
        await answer.prepare(request)
        while True:
            await answer.write(bytes(1000))

    async def in_pieces(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.enable_chunked_encoding()
        await answer.prepare(request)
        for _ in range(PIECES // 1000 + 1):
            assert request.transport is not None
            request.transport.write(b"1\r\n \r\n" * 1000)  # as no library would
        return answer

    async def zipped(_: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(bytes(1 << 20)), headers={"Content-Encoding": "gzip"})

    camera.answers |= {"/endless": endless, "/in_pieces": in_pieces, "/zipped": zipped}
    for path, error in (("/", TooLarge), ("/endless", TooLarge), ("/zipped", Encoded)):
        with pytest.raises(error):
            await fetched(GuardedClient(policy(camera), camera.address("/")), camera.address(path), 5000)
    with pytest.raises(TooLarge):
        await fetched(GuardedClient(policy(camera), camera.address("/")), camera.address("/in_pieces"), 1 << 20)
    client = GuardedClient(policy(camera), camera.address("/"), login=("admin", "secret"))
    async with asyncio.timeout(30), client.get(camera.address("/endless?status=401")) as answer:
        assert answer.status == 401, "a challenge without end is not read"
    await client.close()


@pytest.mark.parametrize(
    "address", ["rtsp://camera/", "file:///etc/passwd", "http://user:pass@camera/", "http://0x7f.1/"]
)
async def test_only_http_is_taken(address: str) -> None:
    with pytest.raises(BadAddress):
        GuardedClient(Policy(), address)


async def test_no_cookie_is_kept(camera: HttpCamera) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(headers={"Set-Cookie": "id=1; Path=/"})

    camera.answers["/"] = answer
    client = GuardedClient(policy(camera), camera.address("/"))
    for _ in range(2):
        async with client.get(camera.address("/")):
            pass
    await client.close()
    assert "Cookie" not in camera.requests[-1].headers
