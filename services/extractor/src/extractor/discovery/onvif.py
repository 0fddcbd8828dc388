"""Asks one device, over ONVIF, who it is and which streams it has.

Nothing is asked of any other host than the device itself, whatever address it names. User name and password go to it as
a digest only, in WS-Security or HTTP: whoever answers a question to all is not given a password.
"""

import ipaddress
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from onveef import (
    AsyncOnvifClient,
    OnvifAuthError,
    OnvifCredentials,
    OnvifEndpoint,
    OnvifError,
    OnvifFaultError,
    OnvifOperationNotSupportedError,
    OnvifTransportError,
    envelopes,
    parsers,
)

from chassis.errors import CodedError
from credentials import Credentials
from extractor.discovery.transport import http_of
from extractor.live.sources.fetching import as_failures
from extractor.model.camera_failures import AddressNotAllowed, CameraFailed, WrongPassword
from extractor.model.discovery import (
    MOST_PROFILES,
    MOST_SERVICES,
    AddressNotReadable,
    Device,
    DeviceFailed,
    NoStreams,
    NotAskedInTime,
    NotOnvif,
    PasswordNeeded,
    codec_of,
    number_of,
    own_address,
    service_addresses,
    shown,
)
from outbound import HTTP, RTSP, BadAddress, Policy, parse

LEAST_PASSWORD = 3
"""Characters; a shorter one is part of many addresses by chance."""
REFUSALS = (OnvifFaultError, OnvifOperationNotSupportedError)
"""It answers as ONVIF says, and not what was asked for."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A profile of a device. None: not known."""

    name: str
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    frames_per_s: float | None = None
    stream_address: str | None = None
    snapshot_address: str | None = None
    failure: CodedError | None = None


@dataclass(slots=True)
class Known:
    """What is known of a device, more and more while it is asked. `is_onvif`: it answered as ONVIF says; `failure`: why
    its streams are not known."""

    device: Device
    is_onvif: bool = False
    name: str | None = None
    maker: str | None = None
    model: str | None = None
    service_address: str | None = None
    needs_password: bool | None = None
    streams: list[Stream] = field(default_factory=list)
    failure: CodedError | None = None

    @property
    def is_camera(self) -> bool:
        return self.is_onvif or self.device.looks_like_a_camera


def by_announcement(device: Device) -> Known:
    """As far as its own answer says it."""
    maker, model = device.scope("manufacturer", "mfr"), device.scope("model", "hardware")
    return Known(device, name=device.scope("name"), maker=maker, model=model, failure=NotAskedInTime())


async def ask(known: Known, policy: Policy, tls: ssl.SSLContext, credentials: Credentials | None) -> None:
    """Complete what is known of a device. It may be cancelled at any time: what is known then stands."""
    try:
        addresses = _permitted(known.device, policy)
        async with http_of(known.device.senders, policy, tls) as http:
            known.service_address = await _greeted(known, http, addresses)
            await _Interview(known, http, policy, known.service_address).read(credentials)
        known.failure = None if known.streams else NoStreams()
    except (CameraFailed, DeviceFailed) as failure:
        known.failure = failure


def _permitted(device: Device, policy: Policy) -> Sequence[str]:
    """Its own addresses that the operator opened. Raises PointsElsewhere, AddressNotReadable, AddressNotAllowed."""
    found = [each for each in service_addresses(device) if _is_permitted(each, HTTP, policy)]
    if not found:
        raise AddressNotAllowed
    return found[:MOST_SERVICES]


def _is_permitted(address: str, schemes: Mapping[str, int], policy: Policy) -> bool:
    """Raises AddressNotReadable."""
    try:
        parsed = parse(address, schemes)
    except BadAddress as error:
        raise AddressNotReadable(str(error)) from error
    return policy.permits(ipaddress.ip_address(parsed.host), parsed.port)


async def _greeted(known: Known, http: httpx.AsyncClient, addresses: Sequence[str]) -> str:
    """The first of the addresses that answers as ONVIF says. Raises CameraFailed, NotOnvif."""
    failures: list[CodedError] = []
    for address in addresses:
        try:
            await _greet(_client(http, address))
        except (CameraFailed, NotOnvif) as failure:
            failures.append(failure)
        else:
            known.is_onvif = True
            return address
    raise failures[0]


async def _greet(client: AsyncOnvifClient) -> None:
    """The time is what everybody may ask for. Raises CameraFailed, NotOnvif."""
    with suppress(OnvifAuthError, *REFUSALS), _failures():
        if not await client.get_system_date_time():
            raise NotOnvif


class _Interview:
    """With a device that answers at `address`."""

    def __init__(self, known: Known, http: httpx.AsyncClient, policy: Policy, address: str) -> None:
        self._known, self._http, self._policy, self._address = known, http, policy, address

    async def read(self, credentials: Credentials | None) -> None:
        """Without a password first: a camera that needs none is not shown one. Raises CameraFailed, DeviceFailed."""
        try:
            await self._read_as(None)
            self._known.needs_password = False
        except OnvifAuthError:
            self._known.needs_password = True
            await self._read_as_known(credentials)

    async def _read_as_known(self, credentials: Credentials | None) -> None:
        if credentials is None:
            raise PasswordNeeded
        try:
            await self._read_as(credentials)
        except OnvifAuthError as error:
            raise WrongPassword from error

    async def _read_as(self, credentials: Credentials | None) -> None:
        """Raises OnvifAuthError besides CameraFailed and DeviceFailed."""
        client = _client(self._http, self._address, credentials)
        with _failures():
            await self._identify(client)
            service = await self._media_service(client)
            for profile in (await _profiles(client, service))[:MOST_PROFILES]:
                self._known.streams.append(await self._stream(client, service, profile, credentials))

    async def _identify(self, client: AsyncOnvifClient) -> None:
        """Some name their streams to everybody, and themselves to few."""
        with suppress(OnvifAuthError, *REFUSALS):
            about = await client.get_device_information()
            self._known.maker = shown(about.get("Manufacturer")) or self._known.maker
            self._known.model = shown(about.get("Model")) or self._known.model

    async def _media_service(self, client: AsyncOnvifClient) -> str:
        """The service that is asked for streams: the second, which knows H.265, before the first. A camera that names
        none mostly has one where its device service is. Raises PointsElsewhere."""
        await client.connect()
        named = client.endpoint.services
        service = next((each for each in ("media2", "media") if named.get(each)), "media")
        own = own_address(named.get(service) or self._address, self._known.device)
        if not _is_permitted(own, HTTP, self._policy):
            raise AddressNotAllowed
        client.set_endpoint(OnvifEndpoint(self._address, services={service: own}))
        return service

    async def _stream(
        self, client: AsyncOnvifClient, service: str, profile: Mapping[str, Any], credentials: Credentials | None
    ) -> Stream:
        asked = {"profile_token": profile["token"], "use_media2": service == "media2"}
        address = snapshot = failure = None
        try:
            body = envelopes.media_get_stream_uri(**asked)
            address = self._own(await _uri(client, service, "GetStreamUri", body), RTSP, credentials)
        except (DeviceFailed, AddressNotAllowed) as error:
            failure = error
        with suppress(DeviceFailed, AddressNotAllowed):
            body = envelopes.media_get_snapshot_uri(**asked)
            snapshot = self._own(await _uri(client, service, "GetSnapshotUri", body), HTTP, credentials)
        return _described(profile, address, snapshot, failure)

    def _own(self, text: str, schemes: Mapping[str, int], credentials: Credentials | None) -> str:
        """Raises PointsElsewhere, AddressNotReadable, AddressNotAllowed."""
        password = "" if credentials is None else credentials.password
        if len(password) >= LEAST_PASSWORD and password in text:
            raise AddressNotReadable("it holds the password")
        address = own_address(text, self._known.device)
        if not _is_permitted(address, schemes, self._policy):
            raise AddressNotAllowed
        return address


async def _profiles(client: AsyncOnvifClient, service: str) -> list[dict[str, Any]]:
    """Those with a token, by which a stream is asked for. Raises OnvifAuthError, NoStreams, and as `_failures`."""
    try:
        body = envelopes.media_get_profiles(use_media2=service == "media2")
        answer = await client.call(service=service, operation="GetProfiles", body_inner=body)
    except REFUSALS as error:
        raise NoStreams(str(error)) from error
    return [each for each in parsers.parse_profiles(answer) if each["token"]]


async def _uri(client: AsyncOnvifClient, service: str, operation: str, body: str) -> str:
    """Raises OnvifAuthError, NoStreams, and as `_failures`."""
    try:
        found = parsers.parse_stream_uri(await client.call(service=service, operation=operation, body_inner=body))
    except REFUSALS as error:
        raise NoStreams(str(error)) from error
    if not found:
        raise NoStreams
    return found


def _described(
    profile: Mapping[str, Any], address: str | None, snapshot: str | None, failure: CodedError | None
) -> Stream:
    pictures = profile.get("video_encoder", {})
    return Stream(
        shown(profile["name"]) or shown(profile["token"]) or "",
        codec_of(pictures.get("encoding")),
        number_of(pictures.get("width")),
        number_of(pictures.get("height")),
        number_of(pictures.get("fps_limit")),
        address,
        snapshot,
        failure,
    )


def _client(http: httpx.AsyncClient, address: str, credentials: Credentials | None = None) -> AsyncOnvifClient:
    """`password_text` and Basic are never used, and no request is repeated: the device has little time."""
    given = OnvifCredentials() if credentials is None else OnvifCredentials(credentials.user, credentials.password)
    return AsyncOnvifClient(
        endpoint=OnvifEndpoint(address),
        credentials=given,
        auto_discover=True,
        rewrite_host=False,
        http_auth="digest",
        retries=0,
        http_client=http,
    )


@contextmanager
def _failures() -> Iterator[None]:
    """Errors of a request, as what to do: raises CameraFailed, NotOnvif. OnvifAuthError and REFUSALS pass."""
    with as_failures():
        try:
            yield
        except OnvifTransportError as error:
            if isinstance(error.__cause__, httpx.HTTPError):
                raise error.__cause__ from None
            raise NotOnvif(str(error)) from error
        except (OnvifAuthError, *REFUSALS):
            raise
        except OnvifError as error:
            raise NotOnvif(str(error)) from error
