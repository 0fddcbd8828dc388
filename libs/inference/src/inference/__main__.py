"""``python -m inference detectors.toml``: try the detectors that a site brings, before a service starts with them."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from inference.backends import look_of
from inference.detectors import closer_detector
from inference.entries import Entry, open_entry, read_entries
from inference.errors import DetectorRefused
from inference.selftest import portrait

LOOKS = 5


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m inference", description=__doc__)
    parser.add_argument("entries", type=Path, help="the file of entries (docs/detectors.md)")
    chosen = parser.parse_args(arguments)
    try:
        entries = read_entries(chosen.entries)
    except DetectorRefused as error:
        print(error, file=sys.stderr)
        return 1
    for name, refusal in entries.refused.items():
        print(f"{name}: REFUSED {refusal}")
    refused = [name for name, entry in entries.detectors.items() if not _tried(name, entry)]
    return 1 if refused or entries.refused else 0


def _tried(name: str, entry: Entry) -> bool:
    """Prints what came of it."""
    try:
        detector, score = open_entry(entry)
    except DetectorRefused as error:
        print(f"{name}: REFUSED {error}")
        return False
    look = look_of(detector, closer_detector(detector, entry.spec), entry.spec)
    frame = np.asarray(cv2.resize(portrait(), (1280, 720)), np.uint8)
    began = time.process_time()
    for _ in range(LOOKS):
        look.see(frame, ())
    cost_ms = (time.process_time() - began) / LOOKS * 1000
    print(f"{name}: ok, the portrait is a person ({score:.2f}), {cost_ms:.0f} ms of processor time a look")
    return True


if __name__ == "__main__":
    sys.exit(main())
