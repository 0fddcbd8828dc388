"""What became of topics and of records between two looks."""

import pytest

from progress.changes import Changes, compare, lost
from progress.topics import Topic

A, B = Topic(b"a" * 16, 6), Topic(b"b" * 16, 6)


def test_the_same_topics_are_no_change() -> None:
    assert compare({"x": A}, {"x": A, "other": B}) == Changes()
    assert Changes().sentence() is None


def test_missing_made_anew_and_resized() -> None:
    known = {"gone": A, "anew": A, "grown": A, "same": A}
    found = compare(known, {"anew": Topic(B.id, 9), "grown": Topic(A.id, 8), "same": A})
    assert found == Changes(frozenset({"gone"}), frozenset({"anew"}), frozenset({"grown"}))
    assert found.ends_reading
    sentence = found.sentence() or ""
    assert "topic gone does not exist" in sentence
    assert "topic anew was deleted and made anew" in sentence
    assert "topic grown has another number of partitions" in sentence


def test_a_missing_topic_alone_may_come_back() -> None:
    assert not compare({"x": A}, {}).ends_reading


@pytest.mark.parametrize(
    ("expected", "first_read", "beginning", "count"),
    [
        (50, 70, 70, 20),  # retention
        (50, 70, 40, 0),  # a gap of compaction or of a transaction
        (50, 70, 60, 10),  # both
        (50, 50, 50, 0),
        (50, 20, 0, 0),  # redelivered
    ],
)
def test_records_lost(expected: int, first_read: int, beginning: int, count: int) -> None:
    assert lost(expected, first_read, beginning) == count
