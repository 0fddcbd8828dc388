"""Paths of local files that users type."""

import pytest

from outbound import BadAddress
from outbound.paths import parse_path


def test_a_plain_relative_path_is_read_name_by_name() -> None:
    assert parse_path("kitchen/cam 1/latest.jpg") == ("kitchen", "cam 1", "latest.jpg")
    assert parse_path("..a.jpg") == ("..a.jpg",)


@pytest.mark.parametrize(
    "text",
    [
        *("", "/etc/passwd", "../other/a.jpg", "a/../../b", "a//b", "./a", "a/", "file:///etc/passwd", "a\\b", "a\0b"),
        *("a\nb", "x" * 256, "a/" * 1001 + "b"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_path(text)
