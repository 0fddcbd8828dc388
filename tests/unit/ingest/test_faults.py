"""Faults of the bodies about parts are told in our words, whatever the words of the library are."""

import pytest
from pydantic import BaseModel

from ingest.http.headers import MAX_LENGTH
from ingest.http.multipart import MAX_ETAG, NewParts, PartNumbers, SentParts, _checked
from ingest.refusals import PartsInvalid


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        (NewParts, "[]", "The body must be a JSON object."),
        (NewParts, "{}", "size_bytes is missing."),
        (NewParts, '{"size_bytes": null}', "size_bytes must be a whole number."),
        (NewParts, '{"size_bytes": "many"}', "size_bytes must be a whole number."),
        (NewParts, '{"size_bytes": 1.5}', "size_bytes must be a whole number."),
        (NewParts, '{"size_bytes": {}}', "size_bytes must be a whole number."),
        (NewParts, '{"size_bytes": 0}', "size_bytes must be at least 1."),
        (NewParts, f'{{"size_bytes": "{"9" * 5000}"}}', "size_bytes has too many digits."),
        (NewParts, f'{{"size_bytes": {2**63}}}', f"size_bytes must be at most {MAX_LENGTH}."),
        (PartNumbers, '{"numbers": 1}', "numbers must be a list."),
        (PartNumbers, '{"numbers": []}', "numbers must have at least 1."),
        (PartNumbers, f'{{"numbers": {[1] * 101}}}', "numbers must have at most 100."),
        (PartNumbers, '{"numbers": [1, 0]}', "numbers.1 must be at least 1."),
        (SentParts, '{"parts": [1]}', "parts.0 must be a JSON object."),
        (SentParts, '{"parts": [{"number": 1}]}', "parts.0.etag is missing."),
        (SentParts, '{"parts": [{"number": 1, "etag": 1}]}', "parts.0.etag must be text."),
        (
            SentParts,
            f'{{"parts": [{{"number": 1, "etag": "{"x" * 131}"}}]}}',
            f"parts.0.etag must have at most {MAX_ETAG} characters.",
        ),
    ],
)
def test_a_fault_names_its_place_and_what_has_to_be_there(kind: type[BaseModel], body: str, told: str) -> None:
    with pytest.raises(PartsInvalid) as refused:
        _checked(body.encode(), kind)
    assert refused.value.detail == told
