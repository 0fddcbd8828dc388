"""How long a frame may wait for its verdicts. Pure; times in seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tablewatch_schemas import CropReady


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """A live frame is judged within `live_s` of its capture or not at all; a run waits `turn_s` at a time, `run_s` in
    all, so that it holds nobody up for ever."""

    live_s: float = 10.0
    turn_s: float = 20.0
    run_s: float = 600.0

    def left_s(self, ready: CropReady, asked_since: datetime, now: datetime) -> float:
        """Seconds until `ready` is given up; 0 or less: now."""
        since, limit = (ready.captured_at, self.live_s) if ready.run_id is None else (asked_since, self.run_s)
        return (since + timedelta(seconds=limit) - now).total_seconds()

    def turn(self, ready: CropReady, asked_since: datetime, now: datetime) -> float:
        """How long to ask in one go."""
        left = self.left_s(ready, asked_since, now)
        return left if ready.run_id is None else min(left, self.turn_s)
