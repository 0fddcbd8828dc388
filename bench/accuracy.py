"""How often the embedded classifier is right about a single frame of the labelled café.

    python -m bench.accuracy [--data ../shared/data] [--models .local/models]

Prints the share of table-frames right with the table tops drawn and with the zones alone, beside the figures that were
to be reached, and the time of a frame. Exit code 0; without the pictures it says so and is skipped.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import inference
from bench import cafe4
from inference.embedded import EmbeddedClassifier
from inference.protocol import FrameRequest

TO_REACH = {"any person in the crop": 0.81, "nearest table, coco-ssd": 0.916, "nearest table, NanoDet-g": 0.951}


def measure(cafe: cafe4.Cafe, classifier: EmbeddedClassifier, with_tops: bool) -> Counter[str]:
    """Counts: right, missed (occupied told free), invented (free told occupied)."""
    counts: Counter[str] = Counter()
    for camera, frame in cafe.frames():
        regions = cafe.cameras[camera]
        if not with_tops:
            regions = tuple(replace(region, top=None) for region in regions)
        request = FrameRequest(frame, "cafe4", cafe.picture(camera, frame).read_bytes(), regions, {})
        for verdict in classifier.judge(request):
            truth = cafe.labels[frame][verdict.table_id]
            if truth is not None:
                wrong = "missed" if truth == "occupied" else "invented"
                counts["right" if verdict.label == truth else wrong] += 1
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=cafe4.DEFAULT_DATA)
    parser.add_argument("--models", type=Path, default=Path(".local/models"))
    chosen = parser.parse_args()
    try:
        cafe = cafe4.read(chosen.data)
    except cafe4.NoData as reason:
        print(f"accuracy: skipped: {reason}")
        return 0
    classifier = inference.build_embedded(chosen.models)
    for name, share in TO_REACH.items():
        print(f"{name:<28} {share:7.1%}   (measured before, on four cameras of this room)")
    for with_tops in (True, False):
        began = time.process_time()
        counts = measure(cafe, classifier, with_tops)
        cpu_ms = (time.process_time() - began) * 1000 / sum(1 for _ in cafe.frames())
        name = "embedded, tops drawn" if with_tops else "embedded, zones alone"
        print(
            f"{name:<28} {counts['right'] / counts.total():7.1%}   of {counts.total()}: missed {counts['missed']}, "
            f"invented {counts['invented']}; {cpu_ms:.0f} ms CPU a frame of 6 tables"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
