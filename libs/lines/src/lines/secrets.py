"""No secret in a line: values that look like one, by their name or their form, are replaced."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

_SECRET_NAME = re.compile(r"secret|password|passwd|token|authorization|cookie|api_?key", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"  # user and password of an address
    r"|twk_[A-Za-z0-9]+_[A-Za-z0-9_-]+"
    r"|(?<=Bearer )\S+"
    r"|(?<=_session=)[^;,\s\"']+"  # of a browser's cookie
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+"  # an upload token (JWT)
    r"|(?<=[Ss]ignature=)[^&\s\"']+"  # of a signed link, ours or an S3 server's
)


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor."""
    for name, value in event.items():
        event[name] = "***" if _SECRET_NAME.search(name) else _redacted(value)
    return event


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub("***", value)
    if isinstance(value, dict):
        return {name: "***" if _SECRET_NAME.search(str(name)) else _redacted(each) for name, each in value.items()}
    return [_redacted(each) for each in value] if isinstance(value, list | tuple) else value
