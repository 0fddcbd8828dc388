"""What is published when: in order, without gaps, and the last frame is marked as the last."""

from hypothesis import given
from hypothesis import strategies as st

from extractor.model.frames import Batch, StoredFrame, next_batch


def frames(*indices: int) -> list[StoredFrame]:
    return [StoredFrame(index, index * 1000, 4, 2, 10, False, 1.0, 0.5) for index in indices]


def indices(batch: Batch) -> list[int]:
    return [frame.index for frame in batch.frames]


def test_the_newest_is_held_back_until_the_end_is_known() -> None:
    batch = next_batch(frames(0, 1, 2), 0, None, given_up=False, marked=False, room=100)
    assert (indices(batch), batch.last, batch.marker) == ([0, 1], False, False)
    batch = next_batch(frames(2), 2, 3, given_up=False, marked=False, room=100)
    assert (indices(batch), batch.last, batch.marker) == ([2], True, False)


def test_stops_at_the_first_index_that_is_missing() -> None:
    batch = next_batch(frames(5, 6, 8, 9), 5, 10, given_up=False, marked=False, room=100)
    assert (indices(batch), batch.last) == ([5, 6], False)
    assert indices(next_batch(frames(8, 9), 7, 10, given_up=False, marked=False, room=100)) == []


def test_no_more_than_there_is_room_for() -> None:
    batch = next_batch(frames(0, 1, 2), 0, 3, given_up=False, marked=False, room=2)
    assert (indices(batch), batch.last) == ([0, 1], False)


def test_a_run_that_is_given_up_publishes_what_it_has_and_a_marker() -> None:
    batch = next_batch(frames(3, 4), 3, None, given_up=True, marked=False, room=100)
    assert (indices(batch), batch.last, batch.marker) == ([3, 4], False, True)
    batch = next_batch([], 5, None, given_up=True, marked=False, room=100)
    assert (indices(batch), batch.marker) == ([], True)


def test_a_run_that_had_a_marker_ends_with_one_so_that_no_event_id_is_used_twice() -> None:
    batch = next_batch(frames(5, 6), 5, 7, given_up=False, marked=True, room=100)
    assert (indices(batch), batch.last, batch.marker) == ([5, 6], False, True)


@given(st.integers(1, 60), st.lists(st.integers(1, 20), min_size=60, max_size=60), st.randoms())
def test_however_segments_finish_every_frame_goes_out_once_in_order(
    total: int, rooms: list[int], chance: object
) -> None:
    stored: set[int] = set()
    waiting = list(range(total))
    chance.shuffle(waiting)  # type: ignore[attr-defined]
    published, indices_out, ends = 0, list[int](), list[bool]()
    while published < total:
        stored.update(waiting[:3])
        del waiting[:3]
        known = total if not waiting else None
        ready = frames(*sorted(index for index in stored if index >= published))
        batch = next_batch(ready, published, known, given_up=False, marked=False, room=rooms[len(indices_out) % 60])
        indices_out += indices(batch)
        published += len(batch.frames)
        ends += [batch.last]
    assert indices_out == list(range(total))
    assert ends.count(True) == 1
    assert ends[-1]
