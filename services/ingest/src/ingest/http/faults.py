"""What is wrong with a body, in our own words: those of the library that checks it change with its releases."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_NUMBER, _LIST, _TEXT, _OBJECT = "a whole number", "a list", "text", "a JSON object"
_KINDS: Mapping[str, str] = {
    "missing": "is missing",
    **{f"int_{what}": f"must be {_NUMBER}" for what in ("type", "parsing", "from_float")},
    "int_parsing_size": "has too many digits",
    "finite_number": f"must be {_NUMBER}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "list_type": f"must be {_LIST}",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}",
    "string_type": f"must be {_TEXT}",
    "string_too_long": "must have at most {max_length} characters",
    "string_unicode": f"must be {_TEXT}",
    "model_type": f"must be {_OBJECT}",
    "model_attributes_type": f"must be {_OBJECT}",
}
_OTHER = "is not as the reference of this request says"


def first_fault(error: ValidationError) -> str:
    """A sentence about the first fault: its place in the body and what has to be there; never the value itself."""
    return _sentence(error.errors(include_url=False, include_input=False)[0])


def _sentence(fault: ErrorDetails) -> str:
    place = ".".join(str(step) for step in fault["loc"]) or "The body"
    return f"{place} {_KINDS.get(fault['type'], _OTHER).format_map(fault.get('ctx', {}))}."
