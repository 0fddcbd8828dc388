"""Which records `tail` shows."""

import pytest

from tablewatch_cli.filters import holds, parse, record_filter

VALUE: dict[str, object] = {
    "site_id": "s",
    "camera_ids": ["a", "b"],
    "run_id": None,
    "ok": True,
    "n": 3,
    "tables": [{"id": "t1"}],
    "x": {},
}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("site_id", "s", True), ("site_id", "S", False), ("camera_ids", "b", True), ("camera_id", "a", True),
        ("camera_id", "z", False), ("run_id", "null", True), ("ok", "true", True), ("n", "3", True),
        ("tables.id", "t1", True), ("tables.id", "t2", False), ("absent", "null", False), ("site_id.deep", "s", False),
    ],
)  # fmt: skip
def test_a_field_holds(path: str, text: str, expected: bool) -> None:
    assert holds(VALUE, path, text) is expected


@pytest.mark.parametrize("value", [None, "poison", 3, [1, 2]])
def test_what_is_no_object_holds_nothing(value: object) -> None:
    assert not holds(value, "site_id", "s")
    assert record_filter(None, [])("k", value)


def test_all_conditions_must_hold() -> None:
    assert record_filter("k", [("site_id", "s"), ("n", "3")])("k", VALUE)
    assert not record_filter("k", [("site_id", "s"), ("n", "4")])("k", VALUE)
    assert not record_filter("other", [])("k", VALUE)


def test_a_condition_is_field_and_value() -> None:
    assert parse("a.b=c=d") == ("a.b", "c=d")
    assert parse("run_id=") == ("run_id", "")
    for wrong in ("nothing", "=x"):
        with pytest.raises(ValueError, match="field=value"):
            parse(wrong)
