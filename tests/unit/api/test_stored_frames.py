"""Which stored pictures lie in a time."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from api.model.stored_frames import captured_at, frame_prefixes, spread
from tablewatch_schemas import keys

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOMENTS = st.integers(0, 86_400_000 * 2).map(lambda ms: NOON + timedelta(milliseconds=ms))


@given(at=MOMENTS, before_s=st.integers(0, 3600), after_s=st.integers(0, 3600))
@example(at=datetime(2026, 11, 24, tzinfo=UTC), before_s=1, after_s=1)
def test_a_picture_of_the_time_has_one_of_the_prefixes(at: datetime, before_s: int, after_s: int) -> None:
    key = keys.live_frame("site_1", "cam_1", at)
    prefixes = frame_prefixes("site_1", "cam_1", at - timedelta(seconds=before_s), at + timedelta(seconds=after_s))
    assert sum(key.startswith(each) for each in prefixes) == 1
    assert captured_at(key) == at
    assert len(prefixes) <= (before_s + after_s) / 100 + 2


@given(st.integers(0, 500), st.integers(2, 40))
def test_the_first_and_the_last_are_among_those_that_are_spread(count: int, most: int) -> None:
    frames = [f"{number:04d}" for number in range(count)]
    chosen = spread(frames, most)
    assert len(chosen) == len(set(chosen)) == min(count, most)
    assert chosen == sorted(chosen) and chosen[:1] == frames[:1] and chosen[-1:] == frames[-1:]
