"""How long a frame may wait for its verdicts. Pure; times in seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tablewatch_schemas import CropReady

STALE_SHARE = 0.5
"""Of the deadline of a live frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """A live frame is classified within `live_s` of its capture or not at all. A frame of a run waits `run_s` in all,
    and at most `attempt_s` in one attempt, so that it never blocks its partition for ever."""

    live_s: float
    run_s: float
    attempt_s: float = 20.0

    def left_s(self, ready: CropReady, first_attempt: datetime, now: datetime) -> float:
        """Seconds until the deadline of `ready`; 0 or less when it is past."""
        since, limit = (ready.captured_at, self.live_s) if ready.run_id is None else (first_attempt, self.run_s)
        return (since + timedelta(seconds=limit) - now).total_seconds()

    def attempt_left_s(self, ready: CropReady, first_attempt: datetime, now: datetime) -> float:
        """The longest that one attempt may take."""
        left = self.left_s(ready, first_attempt, now)
        return left if ready.run_id is None else min(left, self.attempt_s)

    def is_stale(self, ready: CropReady, now: datetime) -> bool:
        """Whether a live frame has used up so much of its time that a newer one is looked at instead, if one waits.

        Looked at in their order when there are more frames than looks, all would be begun with no time left. A hiccup
        costs no frame.
        """
        return ready.run_id is None and (now - ready.captured_at).total_seconds() > self.live_s * STALE_SHARE
