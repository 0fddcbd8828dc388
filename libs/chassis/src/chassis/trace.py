"""W3C trace context (https://www.w3.org/TR/trace-context/) in a context variable."""

import re
import secrets
from contextvars import ContextVar

_CURRENT: ContextVar[str | None] = ContextVar("traceparent", default=None)
_FORM = re.compile(r"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$")


def current() -> str | None:
    """The traceparent of the current task, or None."""
    return _CURRENT.get()


def start() -> str:
    """Start a new trace and make it current."""
    return _set(secrets.token_hex(16), "01")


def child(traceparent: str | None) -> str:
    """Continue a trace under a new span; an absent or malformed traceparent starts a new trace."""
    found = _FORM.match(traceparent or "")
    return _set(found[1], found[2]) if found else start()


def trace_id(traceparent: str | None) -> str | None:
    """The 32 hex digits that all spans of a trace share; None without a traceparent."""
    return traceparent[3:35] if traceparent else None


def _set(trace: str, flags: str) -> str:
    value = f"00-{trace}-{secrets.token_hex(8)}-{flags}"
    _CURRENT.set(value)
    return value
