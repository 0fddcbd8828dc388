"""Problem documents (RFC 9457): the one shape of every error, whichever service answers, or the server before it."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:tablewatch:error:"
"""What `type` begins with; the code follows. No address: it is the same behind every host and path."""

MOST_NAMED, LONGEST_NAME = 10, 100
"""Unknown parameters that a problem names, and characters of each; a URL has room for thousands."""


class Fault(BaseModel):
    """A place where a request is wrong."""

    pointer: str = Field(description="Begins with /body, /query, /path or /header", examples=["/body/tables/0/label"])
    detail: str
    parameter: str | None = Field(default=None, description="Its name, where it is one of query, path or headers")


class Problem(BaseModel):
    """An error (RFC 9457). More members may be added."""

    type: str = Field(description="urn:tablewatch:error: and the code")
    title: str = Field(description="The sentence of the code")
    status: int
    code: str = Field(description="Stable: act on it. The list is in docs/errors-and-retries.md")
    detail: str = Field(description="A sentence about this request: show it")
    retryable: bool = Field(description="Whether the same request can succeed later")
    errors: list[Fault] | None = Field(default=None, description="Where the request is wrong")
    pointer: str | None = Field(default=None, description="Of a rule of layouts: the place in the body")
    scope: str | None = Field(default=None, description="Of scope_missing: the scope that is needed")
    dependency: str | None = Field(
        default=None, description="Of 503 and 507: store, database, broker or uploads, which cannot be used"
    )
    cause: str | None = Field(default=None, description="Of 503 and 507: code of what is wrong with the dependency")


def problem_document(
    code: str, title: str, status: int, detail: str, *, retryable: bool, **members: Any
) -> dict[str, Any]:
    """The body: `detail` is a sentence about this request, the title again where there is no more to say.

    `retryable` says whether the same request can succeed later; `members` are further facts, by name.
    """
    return {
        "type": f"{TYPE}{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail or title,
        "retryable": retryable,
        **members,
    }


def unknown_parameters(names: Iterable[str]) -> list[dict[str, str]]:
    """The faults (`Fault`) of query parameters that an operation does not have; empty of none."""
    return _faults(names, "There is no such parameter")


def repeated_parameters(names: Iterable[str]) -> list[dict[str, str]]:
    """The faults of query parameters that are given more often than they are read; empty of none."""
    return _faults(names, "It is given more than once, and read once")


def _faults(names: Iterable[str], detail: str) -> list[dict[str, str]]:
    shown = [name[:LONGEST_NAME] for name in names][:MOST_NAMED]
    return [{"pointer": f"/query/{name}", "detail": detail, "parameter": name} for name in shown]
