"""For every Python process under libfaketime, by PYTHONPATH: time.sleep without clock_nanosleep.

libfaketime 0.9.10 takes the monotonic deadline of clock_nanosleep for a time of day: a clock that was moved back makes
time.sleep fail with EINVAL, and one that was moved forward makes it return at once.
"""

import select
import time


def sleep(seconds: float) -> None:
    """As time.sleep."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select((), (), (), seconds)


time.sleep = sleep
