"""What is counted by the hour or the day begins anew when the clock passes into the next one."""

import time

HOUR_S = 3600
DAY_S = 86_400


def stay_within(window_s: int, needed_s: float) -> None:
    """Wait for the next hour or day (of UTC) where the present one ends within `needed_s`."""
    left = window_s - time.time() % window_s
    if left < needed_s:
        time.sleep(left)
