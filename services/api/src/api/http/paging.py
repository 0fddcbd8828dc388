"""Pages: `limit` items from `cursor`, which says nothing to anybody but us."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from api.problems import Problem

Cursor = Annotated[str | None, Query(description="next_cursor of the page before", max_length=400)]
Limit = Annotated[int, Query(ge=1, le=1000, description="Most items in a page")]


def write(position: str) -> str:
    """The cursor of a position."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def read(cursor: str | None) -> str:
    """The position; empty at the start. Raises Problem invalid_cursor."""
    if not cursor:
        return ""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise Problem("invalid_cursor", "Use next_cursor as it came.") from error
    if "\x00" in text:
        raise Problem("invalid_cursor", "Use next_cursor as it came.")
    return text


def page(items: Sequence[Any], limit: int, position: str | None) -> dict[str, Any]:
    """The document of a page; `position` of its last item. A full page has a next one, which may turn out empty."""
    more = len(items) == limit and position is not None
    return {"items": list(items), "next_cursor": write(position) if more and position is not None else None}


def read_number(cursor: str | None) -> int:
    """A position that is a number; -1 at the start. Raises Problem invalid_cursor."""
    text = read(cursor)
    if not text:
        return -1
    if not text.isdecimal() or len(text) > 9:
        raise Problem("invalid_cursor", "Use next_cursor as it came.")
    return int(text)
