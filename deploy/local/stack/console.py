"""Output for the person who started the stack: one line per step, with the seconds since the start."""

import contextlib
import sys
import time

from lines.visible import visible


class Console:
    """Writes lines to standard output; seconds are counted from `began`.

    A line that cannot be written (a full disk, a terminal that is gone) comes late or is lost; nothing is raised.
    """

    def __init__(self) -> None:
        self.began = time.monotonic()

    def step(self, sentence: str) -> None:
        """A step of the start or the stop."""
        self.line(f"[{time.monotonic() - self.began:6.1f} s] {sentence}")

    def event(self, name: str, sentence: str) -> None:
        """What happens to a part while the stack runs."""
        self.line(f"{time.strftime('%H:%M:%S')} {name} {sentence}")

    def line(self, text: str) -> None:
        """A whole line, flushed."""
        with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
            sys.stdout.write(visible(text) + "\n")
            sys.stdout.flush()
