"""Made evenings: tables that fill and empty, guests that a look misses, people who pass by. Seeded, so always the same.

The labelled stills have hardly a passer-by and no errors of a second's length, and thresholds are chosen by just these.
What is assumed stands in `Evening`; the shares of errors are those of the stills, their lengths are a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from bench.truth.recognisers import Recogniser
from bench.truth.rooms import Still, Truth, View
from inference.geometry import rectangle
from inference.protocol import Judgement, Label, Region, TableVerdict

ZONE = rectangle((0.2, 0.2, 0.6, 0.8))


@dataclass(frozen=True, slots=True)
class Evening:
    """One kind of evening. Times are means in seconds, of exponential lengths."""

    name: str
    free_s: float
    taken_s: float
    passing_every_s: float
    """Between people who pass by or lean over a free table."""
    passing_s: float
    missed: float = 0.03
    """Share of the time in which seated guests are not seen."""
    doubtful: float = 0.06
    """Share of the time in which nobody can tell."""
    error_s: float = 3.0
    """How long an error or a doubt lasts."""
    tables: int = 10
    seconds: int = 1800
    seed: int = 12


EVENINGS = (
    Evening("quick, hardly anybody passes", free_s=12, taken_s=15, passing_every_s=300, passing_s=2),
    Evening("café", free_s=120, taken_s=600, passing_every_s=60, passing_s=2),
    Evening("narrow aisle", free_s=300, taken_s=900, passing_every_s=20, passing_s=3),
)


def view_of(evening: Evening) -> tuple[View, Recogniser]:
    """The evening as a view whose pictures are names, and a recogniser that knows their judgements."""
    random = Random(f"{evening.seed} {evening.name}")
    names = [str(number) for number in range(evening.tables)]
    columns = [list(_table(evening, random)) for _ in names]
    stills: list[Still] = []
    judgements: dict[bytes, Judgement] = {}
    for second, row in enumerate(zip(*columns, strict=True)):
        picture = f"{evening.name} {second}".encode()
        stills.append(Still(str(second), picture, {name: truth for name, (truth, _) in zip(names, row, strict=True)}))
        verdicts = tuple(_verdict(name, label) for name, (_, label) in zip(names, row, strict=True))
        judgements[picture] = Judgement(verdicts, (), "made", "1", "made", 1280, 720)
    regions = tuple(Region(name, ZONE) for name in names)
    view = View("evening", evening.name, regions, tuple(stills), every_ms=1000, is_sequence=True)
    return view, Recogniser("made", lambda jpeg, _: judgements[jpeg])


def _table(evening: Evening, random: Random) -> Iterator[tuple[Truth, Label]]:
    """Truth and look of each second."""
    taken = random.random() < evening.taken_s / (evening.taken_s + evening.free_s)
    until = passing_until = 0.0
    next_passing = random.expovariate(1 / evening.passing_every_s)
    seen: Label = "free"
    error_until = -1.0
    for second in range(evening.seconds):
        if second >= until:
            taken = not taken
            until = second + 2 + random.expovariate(1 / (evening.taken_s if taken else evening.free_s))
            error_until = -1.0
        if second >= next_passing:
            passing_until = second + max(1.0, random.expovariate(1 / evening.passing_s))
            next_passing = passing_until + random.expovariate(1 / evening.passing_every_s)
        truth: Label = "occupied" if taken else "free"
        if second > error_until:
            seen = _look(truth, evening, random)
            error_until = second + random.expovariate(1 / evening.error_s) if seen != truth else second
        yield truth, "occupied" if truth == "free" and second < passing_until else seen


def _look(truth: Label, evening: Evening, random: Random) -> Label:
    """Begins an error or a doubt so often that they take their share of the time."""
    chance, begins = random.random(), 1 / (1 + evening.error_s)
    if chance < evening.doubtful * begins:
        return "unknown"
    if truth == "occupied" and chance < (evening.doubtful + evening.missed) * begins:
        return "free"
    return truth


def _verdict(name: str, label: Label) -> TableVerdict:
    reason = "faint_person" if label == "unknown" else None
    return TableVerdict(name, label, 0.5 if reason else 0.95, int(label == "occupied"), 0, reason)
