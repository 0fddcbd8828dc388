"""Layouts that are pulled from an external cropper: what it is asked, what its answer means, when it is asked again.

Pure.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from api.model import seal
from api.model.errors import LayoutFormatInvalid
from api.model.layouts import Drawn
from api.model.types import Json
from chassis.backoff import Backoff
from chassis.errors import CodedError
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.times import write_time

LEAST_EVERY_S, EVERY_S, MOST_EVERY_S = 60, 3600, 7 * 86_400
PULL_S = 30.0
"""For one question, from the look-up of the name to the end of the answer."""
LEASE = timedelta(seconds=120)
"""A pull of which nothing was heard for so long is another's: its process died."""
FIRST_RETRY_S, LEAST_LONGEST_RETRY_S = 60.0, 3600.0
MOST_ETAG = 500
MOST_SENTENCE = 300
CHANGED, UNCHANGED = "layout_pulled", "layout_unchanged"


class LayoutSourceFault(CodedError):
    """A pull that brought no layout. The one before stays."""


class LayoutSourceUnreachable(LayoutSourceFault):
    """The cropper cannot be reached, or did not answer in time."""


class LayoutSourceNotAllowed(LayoutSourceFault):
    """The address, or one that it redirects to, is not one that may be asked; the operator allows private networks
    with CAMERA_NETWORKS."""


class LayoutSourceRefused(LayoutSourceFault):
    """The cropper refuses the request: give the right token."""


class LayoutSourceFailed(LayoutSourceFault):
    """The cropper answers neither with a layout nor that nothing changed."""


class LayoutSourceInvalid(LayoutSourceFault):
    """The answer is no JSON object of at most 1 MiB."""


class LayoutSourceEmpty(LayoutSourceFault):
    """The answer has no table at all. A layout is not emptied by itself: draw the empty one yourself if it is meant."""


class LayoutSourceWithoutPicture(LayoutSourceFault):
    """There is no picture of the camera yet that could be sent."""


class LayoutSourceBroke(LayoutSourceFault):
    """A fault of tablewatch, which its log has."""


class LayoutSourceTokenUnreadable(LayoutSourceFault):
    """The token was sealed with another LINK_SECRET: give it again."""


class Outcome(NamedTuple):
    """Of one pull. `version`: the one that it made."""

    code: str
    sentence: str
    version: int | None = None

    @property
    def failed(self) -> bool:
        return self.code not in (CHANGED, UNCHANGED)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A pull that this process has to do. `token` is sealed."""

    pull_id: str
    camera_id: str
    site_id: str
    url: str
    every_s: int
    send_picture: bool
    token: bytes | None
    etag: str | None
    body_hash: bytes | None
    failures: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """What the cropper answered with 200. `etag` null: it gave none, or it is too long to be kept."""

    body: bytes
    etag: str | None

    @property
    def body_hash(self) -> bytes:
        return hashlib.sha256(self.body).digest()


UNCHANGED_OUTCOME = Outcome(UNCHANGED, "The cropper's layout is the one that was taken last.")


def failure(error: CodedError) -> Outcome:
    """Of a pull that raised. A detail of the editor's is a sentence of its own; it may name tables of the document."""
    if isinstance(error, LayoutFormatInvalid):
        return Outcome(error.code, f"{error.sentence}.")  # its detail has what stands there
    sentence = error.reason if isinstance(error, LayoutSourceFault) else error.detail or error.sentence
    return Outcome(error.code, _shown(sentence))


def _shown(sentence: str) -> str:
    """Postgres takes no zero byte, and a label may be as long as a document."""
    visible = "".join(each if each.isprintable() else "?" for each in sentence)
    return visible if len(visible) <= MOST_SENTENCE else f"{visible[:MOST_SENTENCE]}…"


def outcome_of(drawn: Drawn, *, is_new: bool) -> Outcome:
    """Of a layout that was taken; `is_new`: as a version of its own."""
    if not is_new:
        return UNCHANGED_OUTCOME
    changes = drawn.changes
    counts = f"{len(changes.kept)} kept, {len(changes.new)} new, {len(changes.retired)} retired"
    return Outcome(CHANGED, f"Version {drawn.layout.version} was made: {counts}.", drawn.layout.version)


def made(drawn: Drawn) -> Json:
    """What a version changed, and its warnings, as the answer to a PUT of a layout has them."""
    layout, warnings = drawn.layout, [each._asdict() for each in drawn.warnings]
    of_version = {"version": layout.version, "at": write_time(layout.created_at)}
    return of_version | asdict(drawn.changes) | {"warnings": warnings}


def question(url: str, camera_id: str, size: tuple[int, int] | None) -> str:
    """The address with what is told of the camera: its id, and the size of its picture where that is known."""
    asked: dict[str, str | int] = {"camera_id": camera_id}
    if size is not None:
        asked |= {"width": size[0], "height": size[1]}
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(asked)}"


def size_of(layout: Layout | None) -> tuple[int, int] | None:
    """Of the picture that the newest layout was drawn on, pixels."""
    return None if layout is None else (layout.width, layout.height)


def conditions(claimed: Claimed) -> dict[str, str]:
    """Of a GET (RFC 9110, 13.1.2). What is posted has none: 304 answers GET alone."""
    return {} if claimed.etag is None or claimed.send_picture else {"If-None-Match": claimed.etag}


def etag_of(headers: Mapping[str, str]) -> str | None:
    """As it may be sent again."""
    etag = headers.get("etag", "")
    return etag if 0 < len(etag) <= MOST_ETAG and etag.isascii() and etag.isprintable() else None


def author_of(url: str) -> str:
    """Who a pulled version is by."""
    return f"pulled from {urlsplit(url).hostname}"


def next_pull_at(claimed: Claimed, outcome: Outcome, now: datetime) -> datetime:
    """After `every_s`; after a failure from a minute on, twice as long each time, up to an hour or `every_s`."""
    if not outcome.failed:
        return now + timedelta(seconds=claimed.every_s)
    backoff = Backoff(FIRST_RETRY_S, max(LEAST_LONGEST_RETRY_S, float(claimed.every_s)))
    return now + timedelta(seconds=backoff.delay_s(claimed.failures + 1))


def sealing_key(secret: str, camera_id: str, url: str) -> bytes:
    """Camera and origin are part of it: who changes the address and does not know the token has it sent nowhere."""
    return seal.derive(secret, "layout source", camera_id, origin_of(url))


def origin_of(url: str) -> str:
    """Scheme, host and port, as they are written."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"
