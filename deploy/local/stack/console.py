"""What a person sees: one line per step, with the seconds since the start."""

import sys
import time


class Console:
    """Writes lines; `began` is the moment that seconds are counted from."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def step(self, sentence: str) -> None:
        """A step of the start or the stop."""
        self.line(f"[{time.monotonic() - self.began:6.1f} s] {sentence}")

    def news(self, name: str, sentence: str) -> None:
        """Something that happened to a part while the stack ran."""
        self.line(f"{time.strftime('%H:%M:%S')} {name} {sentence}")

    def line(self, text: str) -> None:
        """A whole line, at once."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
