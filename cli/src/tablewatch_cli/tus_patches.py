"""What tuspy 1.1 leaves to requests: it waits for ever for a silent server, and follows a redirect with the token.

`requests` as its three modules see it has a timeout and follows nothing. No longer needed once tuspy takes a session.
"""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import requests
from tusclient import request
from tusclient.uploader import baseuploader, uploader

CONNECT_S, SILENT_S = 10.0, 120.0  # ingest examines a file before it answers to its last byte


def apply() -> None:
    """Patch the modules of tuspy; a second time changes nothing."""
    methods = {name: getattr(requests, name) for name in ("post", "head", "patch")}
    bounded = {
        name: partial(method, timeout=(CONNECT_S, SILENT_S), allow_redirects=False) for name, method in methods.items()
    }
    for module in (request, baseuploader, uploader):
        vars(module)["requests"] = SimpleNamespace(exceptions=requests.exceptions, **bounded)
