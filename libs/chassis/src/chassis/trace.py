"""W3C trace context (https://www.w3.org/TR/trace-context/) in a context variable."""

import re
import secrets
from contextvars import ContextVar

_CURRENT: ContextVar[str | None] = ContextVar("traceparent", default=None)
_FORM = re.compile(r"^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$")


def current() -> str | None:
    """The traceparent of what is being worked on, or None."""
    return _CURRENT.get()


def start() -> str:
    """Begin a new trace and make it current."""
    return _set(secrets.token_hex(16), "01")


def child(traceparent: str | None) -> str:
    """Go on with somebody's trace under a span of our own; an absent or malformed one starts anew."""
    found = _FORM.match(traceparent or "")
    return _set(found[1], found[2]) if found else start()


def _set(trace_id: str, flags: str) -> str:
    value = f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"
    _CURRENT.set(value)
    return value
