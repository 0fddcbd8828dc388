"""Paged lists: `limit` items after `cursor`, which is opaque to clients."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from api.compute import compute
from api.http.documents.common import NumberText
from api.http.errors import InvalidCursor
from tablewatch_schemas.foreign import read_number

MAX_POSITION = 2**31 - 1  # of a column of Postgres

# Names may be 200 characters of four bytes, and Base64 makes a third more of them
Cursor = Annotated[str | None, Query(description="next_cursor of the page before", max_length=1100)]
Limit = Annotated[NumberText, Query(ge=1, le=1000, description="Most items in a page")]


def encode_cursor(position: str) -> str:
    """The cursor of a position."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str:
    """The position; empty for the first page. Raises InvalidCursor."""
    if not cursor:
        return ""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise InvalidCursor from error
    if "\x00" in text:
        raise InvalidCursor
    return text


def decode_number(cursor: str | None) -> int:
    """A position that is a number; -1 for the first page. Raises InvalidCursor."""
    text = decode_cursor(cursor)
    if not text:
        return -1
    try:
        return read_number(text, most=MAX_POSITION)
    except ValueError as error:
        raise InvalidCursor from error


def page(items: Sequence[Any], limit: int, position: str | None) -> dict[str, Any]:
    """The document of a page; `position` of its last item. After a full page there is a next one, perhaps empty."""
    more = len(items) == limit and position is not None
    return {"items": list(items), "next_cursor": encode_cursor(position) if more and position is not None else None}


async def respond(
    kind: type[BaseModel], items: Callable[[], Sequence[Any]], limit: int, position: str | None
) -> Response:
    """A page as the response, checked and encoded off the event loop: a full one takes longer than others should wait.

    `items` makes the documents there, from rows that were read.
    """
    return Response(await compute(lambda: _encode(kind, page(items(), limit, position))), media_type="application/json")


def _encode(kind: type[BaseModel], document: dict[str, Any]) -> bytes:
    return kind.model_validate(document).model_dump_json(by_alias=True).encode()
