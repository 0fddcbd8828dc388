"""What is published when: in order, without gaps, and the last frame says so."""

from hypothesis import given
from hypothesis import strategies as st

from extractor.files.publish import Release, release
from extractor.files.telling import Frame


def frames(*indices: int) -> list[Frame]:
    return [Frame(index, index * 1000, 4, 2, 10, False, 1.0, 0.5) for index in indices]


def indices(going: Release) -> list[int]:
    return [frame.index for frame in going.frames]


def test_the_newest_is_held_back_until_the_end_is_known() -> None:
    going = release(frames(0, 1, 2), 0, None, failed=False, marked=False, room=100)
    assert (indices(going), going.last, going.marker) == ([0, 1], False, False)
    going = release(frames(2), 2, 3, failed=False, marked=False, room=100)
    assert (indices(going), going.last, going.marker) == ([2], True, False)


def test_stops_at_the_first_index_that_is_missing() -> None:
    going = release(frames(5, 6, 8, 9), 5, 10, failed=False, marked=False, room=100)
    assert (indices(going), going.last) == ([5, 6], False)
    assert indices(release(frames(8, 9), 7, 10, failed=False, marked=False, room=100)) == []


def test_no_more_than_there_is_room_for() -> None:
    going = release(frames(0, 1, 2), 0, 3, failed=False, marked=False, room=2)
    assert (indices(going), going.last) == ([0, 1], False)


def test_a_failed_run_gives_what_it_has_and_a_marker() -> None:
    going = release(frames(3, 4), 3, None, failed=True, marked=False, room=100)
    assert (indices(going), going.last, going.marker) == ([3, 4], False, True)
    going = release([], 5, None, failed=True, marked=False, room=100)
    assert (indices(going), going.marker) == ([], True)


def test_a_run_that_had_a_marker_ends_with_one_so_that_no_event_id_is_used_twice() -> None:
    going = release(frames(5, 6), 5, 7, failed=False, marked=True, room=100)
    assert (indices(going), going.last, going.marker) == ([5, 6], False, True)


@given(st.integers(1, 60), st.lists(st.integers(1, 20), min_size=60, max_size=60), st.randoms())
def test_however_segments_finish_every_frame_goes_out_once_in_order(
    total: int, rooms: list[int], chance: object
) -> None:
    stored: set[int] = set()
    waiting = list(range(total))
    chance.shuffle(waiting)  # type: ignore[attr-defined]
    published, sent, ends = 0, list[int](), list[bool]()
    while published < total:
        stored.update(waiting[:3])
        del waiting[:3]
        known = total if not waiting else None
        ready = frames(*sorted(index for index in stored if index >= published))
        going = release(ready, published, known, failed=False, marked=False, room=rooms[len(sent) % 60])
        sent += indices(going)
        published += len(going.frames)
        ends += [going.last]
    assert sent == list(range(total))
    assert ends.count(True) == 1
    assert ends[-1]
