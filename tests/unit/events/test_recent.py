"""What became of the live frames of the last minutes."""

from tests.support.doubles.clock import ManualClock

from chassis.metrics import Metrics
from events.recent import PART_S, PARTS, RecentFrames


def test_frames_count_for_five_minutes_and_a_series_that_was_seen_goes_to_zero() -> None:
    clock, metrics = ManualClock(), Metrics()
    recent = RecentFrames("judged", clock, metrics)

    def values() -> tuple[float, float]:
        recent.publish()
        done = metrics.value("live_recent_frames", stage="judged", outcome="done", reason="")
        return done, metrics.value("live_recent_frames", stage="judged", outcome="dropped", reason="late")

    recent.count()
    recent.count("late")
    clock.advance(PART_S)
    recent.count("late")
    assert values() == (1, 2)
    clock.advance(PART_S * (PARTS - 1))
    assert values() == (0, 1)
    clock.advance(PART_S)
    assert values() == (0, 0)
