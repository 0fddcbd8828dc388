"""Sending a file by tus: resumed after every break that can be mended, given up on every answer that cannot.

The loop around tuspy is ours because tuspy retries refusals (413, 422) as if they were hiccups.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError
from tusclient.uploader.uploader import Uploader

from tablewatch_cli.client import problem
from tablewatch_cli.errors import CliError, Exit

CHUNK_BYTES = 8 * 1024 * 1024  # docs/decisions: 8 to 16 MiB cost 4 % over one stream, 1 MiB 60 %
PATIENCE_S = 120.0
RETRY = frozenset({408, 409, 423, 429, 500, 502, 503, 504})

Progress = Callable[[int, int], None]


def send(path: Path, create_url: str, token: str, progress: Progress) -> None:
    """Upload a whole file; `progress(sent, total)` is called in bytes.

    Raises:
        CliError: with the server's code when it refuses, `upload_interrupted` when it stays away too long.
    """
    client = TusClient(create_url, headers={"Authorization": f"Bearer {token}"})
    uploader: Uploader = client.uploader(str(path), chunk_size=CHUNK_BYTES)
    total = path.stat().st_size
    _patiently(lambda: uploader.set_url(uploader.create_url()))
    uploader.offset = _patiently(uploader.get_offset) if total else 0
    progress(uploader.offset, total)
    while uploader.offset < total:
        _patiently(uploader.upload_chunk, before_retry=lambda: _sync(uploader))
        progress(uploader.offset, total)


def _sync(uploader: Uploader) -> None:
    uploader.offset = uploader.get_offset()


T = TypeVar("T")


def _patiently(step: Callable[[], T], before_retry: Callable[[], None] = lambda: None) -> T:
    deadline = time.monotonic() + PATIENCE_S
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
        time.sleep(delay)
        delay = min(delay * 2, 8.0)


def _raise_if_final(error: Exception, deadline: float) -> None:
    status = getattr(error, "status_code", None)
    if status is not None and status not in RETRY:
        raise problem(status, _content(error)) from error
    if time.monotonic() > deadline and status is not None and status < 500:
        raise problem(status, _content(error)) from error  # its own code says more than that we gave up
    if time.monotonic() > deadline:
        raise CliError("upload_interrupted", f"gave up after {PATIENCE_S:.0f} s: {error}", Exit.UNREACHABLE) from error


def _content(error: Exception) -> bytes:
    content = getattr(error, "response_content", None) or b""
    return content if isinstance(content, bytes) else str(content).encode()
