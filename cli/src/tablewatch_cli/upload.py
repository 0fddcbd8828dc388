"""Sends a source by tus: resumed after a lost connection or a status in RETRY, ended by any other error.

The loop around tuspy is ours because tuspy retries refusals (413, 422) too.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.uploader.uploader import Uploader

from tablewatch_cli import tus_patches
from tablewatch_cli.client import problem
from tablewatch_cli.errors import BadSetting, InputUnreadable, NoAnswer, UploadInterrupted
from tablewatch_cli.source import Source

CHUNK_BYTES = 8 * 1024 * 1024  # docs/decisions: 8 to 16 MiB cost 4 % over one stream, 1 MiB 60 %
RETRY_FOR_S = 120.0
RETRY = frozenset({408, 409, 423, 429, 500, 502, 503, 504})

Progress = Callable[[int, int], None]


def send(source: Source, create_url: str, token: str, progress: Progress) -> None:
    """Upload all of it; `progress(sent, total)` is called in bytes.

    Raises:
        CliError: with the server's code when it refuses.
        UploadInterrupted: when it does not answer for RETRY_FOR_S, or its certificate is refused.
        NoAnswer: when what answers does not speak tus.
        FileChanged: before the last byte is sent, so that nothing is made of half of a file.
        InputUnreadable: when the file cannot be read.
    """
    tus_patches.apply()
    client = TusClient(create_url, headers={"Authorization": f"Bearer {token}"})
    uploader: Uploader = client.uploader(file_stream=source.stream, chunk_size=CHUNK_BYTES)
    total = uploader.stop_at = source.size_bytes
    uploader.set_url(_same_server(create_url, _with_retries(uploader.create_url)))
    uploader.offset = _with_retries(uploader.get_offset) if total else 0
    progress(uploader.offset, total)
    while uploader.offset < total:
        _with_retries(lambda: _advance(uploader, source), before_retry=lambda: _sync(uploader))
        progress(uploader.offset, total)


def _same_server(create_url: str, url: str) -> str:
    """The address of the upload. The token is for the server that it was made for, and is sent to no other."""
    asked, answered = urlsplit(create_url), urlsplit(url)
    if (asked.scheme, asked.netloc.lower()) != (answered.scheme, answered.netloc.lower()):
        raise NoAnswer(f"{create_url} names another server for the upload: {url}.")
    return url


def _advance(uploader: Uploader, source: Source) -> None:
    """Send one chunk. An offset that the server does not move would have us send for ever."""
    if uploader.offset >= source.size_bytes:
        return
    source.check()
    before = uploader.offset
    try:
        uploader.upload_chunk()  # type: ignore[no-untyped-call]
    except OSError as error:  # tuspy makes errors of its own of those of the connection: this is the file's
        raise InputUnreadable(f"{source.title}: {error.strerror or error}") from error
    except (TypeError, ValueError) as error:  # tuspy's int() of a header that is not there or no number
        raise NoAnswer(f"{uploader.url}: it did not answer with an Upload-Offset.") from error
    if not before < uploader.offset <= source.size_bytes:
        raise NoAnswer(f"{uploader.url}: from {before} its Upload-Offset went to {uploader.offset}.")


def _sync(uploader: Uploader) -> None:
    uploader.offset = uploader.get_offset()


T = TypeVar("T")


def _with_retries(step: Callable[[], T], before_retry: Callable[[], None] = lambda: None) -> T:
    deadline = time.monotonic() + RETRY_FOR_S
    delay = 0.5
    retrying = False
    while True:
        try:
            if retrying:
                before_retry()
            return step()
        except (TusCommunicationError, requests.RequestException) as error:
            _raise_if_final(error, deadline)
            retrying = True
        except ValueError as error:  # an Upload-Offset of HEAD that is no number, a Location that is no address
            raise NoAnswer(f"It does not speak tus: {error}") from error
        except OSError as error:  # requests looks for its certificates before it connects
            raise BadSetting(f"It is REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE: {error}") from error
        time.sleep(delay)
        delay = min(delay * 2, 8.0)


def _raise_if_final(error: Exception, deadline: float) -> None:
    if hopeless := _hopeless(error):
        raise UploadInterrupted(f"It was not tried again: {hopeless}") from error
    status = getattr(error, "status_code", None)
    if status is not None and status not in RETRY:
        raise problem(status, _content(error)) from error
    if time.monotonic() > deadline and status is not None and status < 500:
        raise problem(status, _content(error)) from error  # the server's code says more than ours
    if time.monotonic() > deadline:
        raise UploadInterrupted(f"It was tried for {RETRY_FOR_S:.0f} s: {error}") from error


def _hopeless(error: BaseException) -> BaseException | None:
    """The cause that no second attempt will find gone: a certificate that is refused, an address that is none."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError | InvalidURL | InvalidSchema | MissingSchema):
            return cause
        cause = _next(cause)
    return None


def _next(error: BaseException) -> BaseException | None:
    """What an error came from: urllib3 and requests carry it as an argument or as `reason`, others as a cause."""
    within = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
    return next((each for each in within if isinstance(each, BaseException)), None)


def _content(error: Exception) -> bytes:
    content = getattr(error, "response_content", None) or b""
    return content if isinstance(content, bytes) else str(content).encode()
