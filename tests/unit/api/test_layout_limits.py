"""How large a layout may be."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from api.http.documents.layouts import NewLayout
from api.model.errors import LayoutTooLarge
from api.model.layouts import check_size
from tablewatch_schemas.layout import MOST_FLOORS, MOST_IGNORE_AREAS, MOST_POINTS, MOST_POINTS_IN_ALL, MOST_TABLES

DOCS = Path(__file__).resolve().parents[3] / "docs"
SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]
TABLE = {"label": "1", "polygon": SQUARE}
LARGEST: Any = {
    "reference": {"width": 1280, "height": 720},
    "tables": [TABLE] * (MOST_TABLES - 20) + [{"label": "2", "polygon": [[0.5, 0.5]] * MOST_POINTS}] * 20,
    "floor": [SQUARE] * MOST_FLOORS,
    "ignore": [SQUARE] * MOST_IGNORE_AREAS,
}


def test_the_largest_is_taken() -> None:
    check_size(LARGEST)
    assert len(NewLayout.model_validate(LARGEST).tables) == MOST_TABLES


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"tables": [TABLE] * (MOST_TABLES + 1)}, "/tables"),
        ({"floor": [SQUARE] * (MOST_FLOORS + 1)}, "/floor"),
        ({"floor": [SQUARE, [[0.5, 0.5]] * (MOST_POINTS + 1)]}, "/floor/1"),
        ({"ignore": [SQUARE] * (MOST_IGNORE_AREAS + 1)}, "/ignore"),
        ({"ignore": [[[0.5, 0.5]] * (MOST_POINTS + 1)]}, "/ignore/0"),
        ({"tables": [TABLE | {"polygon": [None] * (MOST_POINTS + 1)}]}, "/tables/0/polygon"),
        ({"tables": [TABLE, TABLE | {"top": [[0.5, 0.5]] * (MOST_POINTS + 1)}]}, "/tables/1/top"),
        ({"tables": [TABLE | {"polygon": [[0.5, 0.5]] * MOST_POINTS}] * (MOST_POINTS_IN_ALL // MOST_POINTS)}, ""),
    ],
)
def test_a_larger_one_is_refused_with_its_place(change: dict[str, Any], pointer: str) -> None:
    """Through pydantic too, which would make a ValidationError of a ValueError, without a code of ours."""
    with pytest.raises(LayoutTooLarge) as refused:
        NewLayout.model_validate(LARGEST | change)
    assert refused.value.code == "layout_too_large"
    assert refused.value.members["pointer"] == pointer


@pytest.mark.parametrize("drawing", [None, [], "x", 1, {"tables": 1, "floor": None}, {"tables": [1, None, "x", {}]}])
def test_what_is_no_drawing_is_not_counted(drawing: Any) -> None:
    check_size(drawing)
    with pytest.raises(ValidationError):
        NewLayout.model_validate(drawing)


def test_the_schema_says_the_limits() -> None:
    schema = NewLayout.model_json_schema()
    assert schema["properties"]["tables"]["maxItems"] == MOST_TABLES
    assert str(MOST_POINTS_IN_ALL) in schema["properties"]["tables"]["description"]
    assert schema["properties"]["floor"]["maxItems"] == MOST_FLOORS
    assert schema["properties"]["ignore"]["maxItems"] == MOST_IGNORE_AREAS
    assert schema["$defs"]["DrawnTable"]["properties"]["polygon"]["maxItems"] == MOST_POINTS


def test_the_documents_say_the_limits() -> None:
    """Of several numbers in prose the sentence cannot be generated: it is compared."""
    limits = (
        f"{MOST_TABLES} tables, {MOST_FLOORS} floors, {MOST_IGNORE_AREAS} ignore areas, {MOST_POINTS} points an outline"
        f" and {MOST_POINTS_IN_ALL} points"
    )
    for name in ("frontend.md", "decisions/0052-limits-of-a-layout.md"):
        assert f"at most {limits} in all" in (DOCS / name).read_text(), name


def test_of_many_wrong_numbers_one_an_outline_is_reported() -> None:
    wrong = LARGEST | {"tables": [TABLE | {"polygon": [["a", "b"]] * 10}] * MOST_TABLES}
    with pytest.raises(ValidationError) as refused:
        NewLayout.model_validate(wrong)
    assert refused.value.error_count() == MOST_TABLES
