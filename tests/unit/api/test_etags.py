"""Preconditions of RFC 9110 on what has a version."""

import pytest

from api.http.errors import VersionConflict
from api.http.preconditions import camera_tag, check_preconditions, layout_tag


@pytest.mark.parametrize("header", [None, '"layout-3"', "*", '"layout-1", "layout-3"', ' "layout-3" '])
def test_what_is_there_matches(header: str | None) -> None:
    check_preconditions(layout_tag(3), header)


@pytest.mark.parametrize("header", ['"layout-2"', 'W/"layout-3"', "layout-3", "", '"camera-3"'])
def test_anything_else_does_not(header: str) -> None:
    with pytest.raises(VersionConflict) as raised:
        check_preconditions(layout_tag(3), header)
    assert (raised.value.status, raised.value.code) == (412, "version_conflict")
    assert raised.value.headers == {"ETag": '"layout-3"'}


def test_where_there_is_nothing_not_even_a_star_matches() -> None:
    with pytest.raises(VersionConflict) as raised:
        check_preconditions(None, "*")
    assert raised.value.headers == {}


def test_only_if_there_is_none() -> None:
    check_preconditions(None, None, "*")
    check_preconditions(camera_tag(1), None, '"camera-2"')
    for header in ("*", 'W/"camera-1"'):
        with pytest.raises(VersionConflict, match="version_conflict"):
            check_preconditions(camera_tag(1), None, header)
