"""Numbers of cameras. Pure."""

from collections.abc import Iterable
from itertools import count


def lowest_free(taken: Iterable[int | None]) -> int:
    """The lowest number from 1 on that is not taken."""
    known = set(taken)
    return next(number for number in count(1) if number not in known)
