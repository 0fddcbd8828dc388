"""What can go wrong when a camera is asked over HTTP, as what to do about it."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx

from extractor.live.sources.source import Asked, SourceParts
from extractor.model.camera_failures import (
    AddressNotAllowed,
    BadAddress,
    CameraFailed,
    CertificateRefused,
    ElsewhereNotAllowed,
    HttpError,
    NoAnswer,
    NoSuchHost,
    NotHttp,
    PortClosed,
    Redirected,
    SessionEnded,
    TlsFailed,
    TooMuchData,
    TooSlow,
    Unreachable,
    WrongPassword,
    WrongPath,
)
from outbound import BadAddress as Unreadable
from outbound import NoSuchHost as Unknown
from outbound import NotAllowed
from outbound.http import Encoded, GuardedClient, RedirectRefused, TooLarge, TooManyRedirects

FAILURE_BY_STATUS = {
    401: WrongPassword,
    403: WrongPassword,
    404: WrongPath,
    410: WrongPath,
}
FAILURE_BY_ERROR: tuple[tuple[type[Exception], type[CameraFailed]], ...] = (
    (Unreadable, BadAddress),
    (NotAllowed, AddressNotAllowed),
    (Unknown, NoSuchHost),
    (RedirectRefused, ElsewhereNotAllowed),
    (TooManyRedirects, Redirected),
    (TooLarge, TooMuchData),
    (Encoded, NotHttp),
    (httpx.ConnectTimeout, Unreachable),
    (httpx.TimeoutException, NoAnswer),
    (httpx.ProtocolError, NotHttp),
    (httpx.UnsupportedProtocol, BadAddress),
    (httpx.HTTPError, SessionEnded),
    (TimeoutError, TooSlow),
)
DEEPEST = 8


@asynccontextmanager
async def opened_client(asked: Asked, parts: SourceParts) -> AsyncIterator[GuardedClient]:
    """For the session with one camera. Raises CameraFailed."""
    login = None if asked.credentials is None else (asked.credentials.user, asked.credentials.password)
    with as_failures():
        client = GuardedClient(parts.policy, asked.address, login=login, tls=parts.tls)
    try:
        yield client
    finally:
        await client.close()


@contextmanager
def as_failures(*, elsewhere: bool = False) -> Iterator[None]:
    """Errors of a request become CameraFailed. `elsewhere`: its address is one that the camera named."""
    try:
        yield
    except httpx.ConnectError as error:
        raise _not_connected(error) from error
    except tuple(kind for kind, _ in FAILURE_BY_ERROR) as error:
        failure = next(failure for kind, failure in FAILURE_BY_ERROR if isinstance(error, kind))
        if elsewhere and failure in (BadAddress, AddressNotAllowed):
            failure = ElsewhereNotAllowed
        raise failure(type(error).__name__) from error


def check_status(status: int) -> None:
    """Raises CameraFailed for all but 2xx."""
    if not 200 <= status < 300:
        raise FAILURE_BY_STATUS.get(status, HttpError)(f"status {status}")


def _not_connected(error: BaseException) -> CameraFailed:
    """httpx says only that it could not connect; why is in what it came of."""
    cause: BaseException | None = error
    for _ in range(DEEPEST):
        if isinstance(cause, ConnectionRefusedError):
            return PortClosed("")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateRefused(cause.verify_message)
        if isinstance(cause, ssl.SSLError):
            return TlsFailed(str(cause.reason or ""))
        if cause is None:
            break
        cause = cause.__cause__ or cause.__context__
    return Unreachable(type(error).__name__)
