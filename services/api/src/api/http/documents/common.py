"""What several resources share: types of fields, pages."""

import re
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from unicodedata import category

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tablewatch_schemas.foreign import read_number

MOST_FIELDS = 50
NULLABLE = ("detector", "opening_hours", "section_id", "notes")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REORDERING = re.compile(r"[\x80-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""C1, line and paragraph separators, and what changes the direction of the text around it (Unicode, UAX 9)."""
_INVISIBLE = frozenset({"Cf", "Zs", "Mn", "Me"})


def _plain(text: str) -> str:
    """Text without control characters, which Postgres refuses and which break lines of logs."""
    if _CONTROL.search(text):
        raise ValueError("control characters are not allowed")
    return text


def _text(text: str) -> str:
    """Text of several lines, without other control characters and what reorders the text around it."""
    if _CONTROL.search(text.replace("\n", "")) or _REORDERING.search(text):
        raise ValueError("control characters are not allowed, but for line breaks")
    return text


def _label(text: str) -> str:
    """A name that people see where others stand beside it: it reorders nothing, and is not blank."""
    if _REORDERING.search(text):
        raise ValueError("control characters are not allowed")
    if all(category(each) in _INVISIBLE for each in text):
        raise ValueError("it is blank")
    return text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain), AfterValidator(_label)]
DetectorName = Annotated[
    Name | None, Field(description="Detector that looks at the frames; null: none is chosen here (docs/detectors.md)")
]
PlainText = Annotated[str, AfterValidator(_plain)]
Id = Annotated[str, Field(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


def _number(value: object) -> object:
    """What JSON calls a number: pydantic would take "1" and true for 1."""
    if isinstance(value, str | bool):
        raise ValueError("not a number")  # noqa: TRY004 (pydantic makes a problem of a ValueError only)
    return value


Whole = Annotated[int, BeforeValidator(_number)]


def _read_number(value: object) -> object:
    return read_number(value) if isinstance(value, str) else value


NumberText = Annotated[int, BeforeValidator(_read_number)]
"""A number of a path or query: pydantic would take signs, spaces, underscores and other scripts."""


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _check_count(cls, fields: Any) -> Any:
        """Before each unknown one is reported: a megabyte has room for 90,000, whose errors took 0.4 s."""
        if isinstance(fields, dict) and len(fields) > MOST_FIELDS:
            raise ValueError(f"{len(fields)} fields; there are not so many")
        return fields


def _in_calendar(time: datetime) -> datetime:
    """In UTC the first and the last year have ends that neither Python nor Postgres goes past."""
    if not 1 < time.year < 9999:
        raise ValueError("a time between the years 2 and 9998")
    return time


Time = Annotated[AwareDatetime, AfterValidator(_in_calendar)]


def _no_number(value: object) -> object:
    """Pydantic would take a number for seconds since 1970."""
    if isinstance(value, str) and "T" not in value.upper():
        raise ValueError("not a time of RFC 3339")
    return value


TimeOfQuery = Annotated[Time, BeforeValidator(_no_number)]
"""A time of a path or query."""

T = TypeVar("T")
TimeText = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339, UTC, to the millisecond."""


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """JobPage of Page[Job]: generators make no good name of Page_Job_."""
        return f"{params[0].__name__}Page"

    items: list[T]
    next_cursor: str | None = Field(description="Give it as cursor for the next page; null at the end")


def changes(body: BaseModel) -> dict[str, Any]:
    """The fields that a change names. Null changes only those of NULLABLE, of which it takes the choice back."""
    given = {name: value for name, value in body.model_dump().items() if name in body.model_fields_set}
    return {name: value for name, value in given.items() if value is not None or name in NULLABLE}
