"""What a series of predictions is worth: right, decided, flips, delays, calibration. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

UNKNOWN, OCCUPIED = "unknown", "occupied"
EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was predicted of one table at one time, and what is true. ``truth`` is never unknown."""

    truth: str
    predicted: str
    confidence: float

    @property
    def is_decided(self) -> bool:
        return self.predicted != UNKNOWN

    @property
    def is_right(self) -> bool:
        return self.predicted == self.truth


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of predictions. Shares are None where there is nothing to take a share of."""

    right: int = 0
    missed: int = 0
    """Occupied, predicted as free."""
    invented: int = 0
    """Free, predicted as occupied."""
    unknown: int = 0
    occupied: int = 0
    """Truly occupied, however predicted."""
    found: int = 0
    """Occupied, predicted as occupied."""

    @property
    def total(self) -> int:
        return self.right + self.missed + self.invented + self.unknown

    @property
    def right_of_decided(self) -> float | None:
        return _share(self.right, self.total - self.unknown)

    @property
    def right_of_all(self) -> float | None:
        return _share(self.right, self.total)

    @property
    def decided(self) -> float | None:
        return _share(self.total - self.unknown, self.total)

    @property
    def precision(self) -> float | None:
        """Of those predicted as occupied, the share that is."""
        return _share(self.found, self.found + self.invented)

    @property
    def recall(self) -> float | None:
        """Of the occupied, the share predicted as occupied; unknown counts as not found."""
        return _share(self.found, self.occupied)


def tally(predictions: Iterable[Prediction]) -> Tally:
    """Any state but unknown and free counts as predicted occupied: seated, for one."""
    right = missed = invented = unknown = occupied = found = 0
    for each in predictions:
        occupied += each.truth == OCCUPIED
        found += each.truth == OCCUPIED == each.predicted
        if not each.is_decided:
            unknown += 1
        elif each.is_right:
            right += 1
        elif each.truth == OCCUPIED:
            missed += 1
        else:
            invented += 1
    return Tally(right, missed, invented, unknown, occupied, found)


def flips(states: Iterable[str | None]) -> int:
    """Changes from one decided state to another; unknown, and what nobody can tell (None), are passed over."""
    decided = [state for state in states if state not in (None, UNKNOWN)]
    return sum(before != after for before, after in pairwise(decided))


@dataclass(frozen=True, slots=True)
class Transition:
    """A true change at step ``at``, and after how many steps it was predicted; None: not before the next change."""

    at: int
    state: str
    delay: int | None


def transitions(truth: Sequence[str | None], predicted: Sequence[str]) -> list[Transition]:
    """Every true change of one table. Steps in which nobody can tell belong to the change after them: the delay counts
    from the first step at which the new state is beyond doubt, and is 0 when it was predicted by then."""
    runs = [(state, [at for at, _ in group]) for state, group in groupby(enumerate(truth), key=lambda pair: pair[1])]
    known = [(state, steps) for state, steps in runs if state is not None]
    found = []
    for (before, _), (state, steps) in pairwise(known):
        if state != before:
            delay = next((at - steps[0] for at in steps if predicted[at] == state), None)
            found.append(Transition(steps[0], state, delay))
    return found


@dataclass(frozen=True, slots=True)
class Bin:
    """Decided predictions whose confidence lies in ``low`` <= c < ``high`` (the last one: <=)."""

    low: float
    high: float
    count: int
    confidence: float
    """Mean confidence."""
    right: float
    """Share that is right."""


def calibration(predictions: Iterable[Prediction], edges: Sequence[float] = EDGES) -> list[Bin]:
    """The calibration curve; empty bins are left out."""
    decided = [each for each in predictions if each.is_decided]
    bins = []
    for low, high in pairwise(edges):
        inside = [each for each in decided if low <= each.confidence < high or (high == edges[-1] == each.confidence)]
        if inside:
            confidence = sum(each.confidence for each in inside) / len(inside)
            right = sum(each.is_right for each in inside) / len(inside)
            bins.append(Bin(low, high, len(inside), confidence, right))
    return bins


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error: mean distance of confidence and share right, weighted by the bins' counts.

    Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning".
    """
    total = sum(each.count for each in bins)
    return _share(sum(each.count * abs(each.confidence - each.right) for each in bins), total)


def isotonic(pairs: Iterable[tuple[float, bool]]) -> list[tuple[float, float]]:
    """(from this score on, share right), rising: the nearest rising curve to what was counted.

    Pool-adjacent-violators (Ayer et al. 1955). Each pool begins with one right and one wrong that nobody has seen, so
    that few predictions never teach certainty (rule of succession).
    """
    pools: list[tuple[float, int, int]] = []
    for score, is_right in sorted(pairs):
        pools.append((score, int(is_right), 1))
        while len(pools) > 1 and _smoothed(pools[-2]) >= _smoothed(pools[-1]):
            _, right, count = pools.pop()
            low, right_below, count_below = pools.pop()
            pools.append((low, right + right_below, count + count_below))
    return [(low, _smoothed((low, right, count))) for low, right, count in pools]


def _smoothed(pool: tuple[float, int, int]) -> float:
    _, right, count = pool
    return (right + 1) / (count + 2)


def taught_by(predictions: Iterable[Prediction]) -> Callable[[Prediction], float]:
    """The confidence that these predictions teach for others: of occupied by its score, of free the share right."""
    decided = [each for each in predictions if each.is_decided]
    curve = isotonic((each.confidence, each.is_right) for each in decided if each.predicted == OCCUPIED)
    free = [each.is_right for each in decided if each.predicted != OCCUPIED]
    in_free = (sum(free) + 1) / (len(free) + 2)

    def confidence(prediction: Prediction) -> float:
        if prediction.predicted != OCCUPIED:
            return in_free
        reached = [share for low, share in curve if low <= prediction.confidence]
        return reached[-1] if reached else curve[0][1] if curve else 0.5

    return confidence


def predicted_at_least(predictions: Iterable[Prediction], confidence: float) -> tuple[int, float | None]:
    """How many were predicted with at least this confidence, and the share of them that is right."""
    sure = [each for each in predictions if each.is_decided and each.confidence >= confidence]
    return len(sure), _share(sum(each.is_right for each in sure), len(sure))


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
