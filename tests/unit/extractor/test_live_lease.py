"""How long a process may publish of its cameras, however its time goes on."""

from datetime import datetime, timedelta

import pytest
from tests.support.doubles.clock import ManualClock

from extractor.live.lease import Lease


class SetClock(ManualClock):
    """Its wall clock can be set."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


def lease(clock: ManualClock) -> Lease:
    return Lease(clock, timedelta(seconds=10))


def test_it_holds_for_its_length_since_the_renewal_was_asked_for() -> None:
    clock = ManualClock()
    made = lease(clock)
    asked = made.moment()
    clock.advance(6)  # the database took its time, or the process was frozen while it waited
    made.renewed(asked)
    clock.advance(3.9)
    assert made.holds
    clock.advance(0.2)
    assert not made.holds


@pytest.mark.parametrize("step_s", [60.0, -60.0])
def test_a_wall_clock_that_went_on_alone_ends_it(step_s: float) -> None:
    """While a machine is suspended its monotonic clock stands still."""
    clock = SetClock()
    made = lease(clock)
    clock.ahead = timedelta(seconds=step_s)
    assert not made.holds
    made.renewed(made.moment())
    assert made.holds
