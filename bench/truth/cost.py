"""What a look and a rule cost: milliseconds of processor time of this process, one thread, decoding the JPEG apart."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

from bench.truth.recognisers import Recogniser
from bench.truth.rooms import View
from bench.truth.tables import Line, Table
from inference.embedded import EmbeddedClassifier, read_picture
from inference.geometry import rectangle
from inference.protocol import Region

COUNTS, ROUNDS, PICTURES = (6, 20, 40), 5, 3
RULES_AT_ONCE = 20  # a rule takes less than the clock's resolution


def cost_table(views: Sequence[View], recognisers: Sequence[Recogniser]) -> Table:
    """Medians over some pictures of the first view, each judged some times after a warm-up."""
    jpegs = [still.jpeg for still in views[0].stills[:: max(1, len(views[0].stills) // PICTURES)][:PICTURES]]
    decode_ms = statistics.median(cpu_ms(partial(read_picture, jpeg)) for jpeg in jpegs)
    lines = [
        {"recogniser": each.name, "tables": count, **cost_line(each.classifier, each.in_doubt, count, jpegs)}
        for each in recognisers
        if each.classifier is not None
        for count in COUNTS
    ]
    return Table("cost", f"Processor time of a frame, milliseconds (decoding it, {decode_ms:.1f}, apart)", lines)


def cost_line(
    classifier: EmbeddedClassifier, in_doubt: EmbeddedClassifier | None, count: int, jpegs: Sequence[bytes]
) -> Line:
    """Look and rule at so many tables, and the look at a frame in which somebody is faint."""
    regions, looks, doubtful, rules = grid(count), [], [], []
    for jpeg in jpegs:
        bgr = read_picture(jpeg)
        found = classifier.see(bgr, regions)
        looks.append(cpu_ms(partial(classifier.see, bgr, regions)))
        if in_doubt is not None:
            doubtful.append(cpu_ms(partial(in_doubt.see, bgr, regions)))
        decide = partial(classifier.decide, regions, found, bgr.shape[1], bgr.shape[0])
        rules.append(cpu_ms(decide, RULES_AT_ONCE))
    look, rule = statistics.median(looks), statistics.median(rules)
    look_in_doubt = statistics.median(doubtful) if doubtful else None
    return {
        "look": look, "rule": rule, "look and rule": look + rule, "look in doubt": look_in_doubt,
        "both in doubt": None if look_in_doubt is None else look_in_doubt + rule,
    }  # fmt: skip


def cpu_ms(work: Callable[[], object], at_once: int = 1) -> float:
    """Median processor time of one call, over rounds after a warm-up."""
    work()
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(at_once):
            work()
        found.append((time.process_time() - began) * 1000 / at_once)
    return statistics.median(found)


def grid(count: int) -> tuple[Region, ...]:
    """So many zones over the whole picture, in rows of at most eight, with tops in their middles."""
    columns = min(8, -(-count // 2))
    rows = -(-count // columns)
    places = (divmod(number, columns) for number in range(count))
    return tuple(
        Region(f"{y}-{x}", rectangle((x / columns, y / rows, (x + 1) / columns, (y + 1) / rows))) for y, x in places
    )
