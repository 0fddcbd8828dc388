"""Bodies that are read whole: within the limit of their endpoint, and the budget of the process."""

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from api.http.errors import BodyTooLarge, HttpError, TooManyBodies
from tablewatch_schemas.foreign import read_number
from webserver.bodies import BudgetSpent, HeldBody

SMALL_BODY = 64 * 1024
"""Bytes that a body may have unless its endpoint needs more: ten times the largest of most of them."""


class BodyRefused(HTTPException):
    """A body is not read on, for the reason `problem`. An HTTPException: FastAPI answers 400 to any other meanwhile."""

    def __init__(self, problem: HttpError) -> None:
        super().__init__(problem.status)
        self.problem = problem


def metered(request: Request, most: int, held: HeldBody) -> Receive:
    """The request's `receive`, which counts into `held` and raises BodyRefused past `most` bytes or without room.

    Raises BodyRefused at once for a declared length that cannot be taken.
    """
    _check(0, read_number(request.headers.get("content-length") or "0"), most, held.expect)

    async def receive() -> Message:
        message = await request.receive()
        _check(held.size, len(message.get("body", b"")), most, held.take)
        return message

    return receive


def _check(before: int, number: int, most: int, count: Callable[[int], None]) -> None:
    if before + number > most:
        raise BodyRefused(too_large(most))
    try:
        count(number)
    except BudgetSpent:
        detail = "The server keeps as many bodies as it can; nothing was done."
        raise BodyRefused(TooManyBodies(detail, headers={"Retry-After": "1"})) from None


def too_large(most: int) -> BodyTooLarge:
    """The problem of a body past `most` bytes."""
    return BodyTooLarge(f"At most {most} bytes; videos go to ingest.")
