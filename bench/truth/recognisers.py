"""The recognisers that are compared: a model and a rule. A look at a picture is kept for all rules and all zones.

The rule as built answers unknown where two opinions differ; each opinion alone, always decided, is what it is compared
with. Their people are those that a judgement says it saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from inference import coco
from inference.backends import MODELS, look_of
from inference.decoders.fit import Picture
from inference.detect import MIN_SCORE, Detection, Detector
from inference.detectors import DetectorSpec, closer_detector, open_detector
from inference.embedded import EmbeddedClassifier, read_picture
from inference.models.source import ModelSource
from inference.models.store import ModelMissing, find
from inference.protocol import Box, Judgement, Region, Seen, TableVerdict

Judge = Callable[[bytes, Sequence[Region]], Judgement]
Rule = Callable[[Judgement, float], Judgement]


SOMEBODY: Box = (0.02, 0.02, 0.08, 0.15)


class Kept:
    """A detector that looks at each picture, and at each part of one, once."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._found: dict[tuple[bytes, float], list[Detection]] = {}

    def detect(self, bgr: Picture, min_score: float = MIN_SCORE) -> list[Detection]:
        key = hashlib.blake2b(repr(bgr.shape).encode() + bgr.tobytes(), digest_size=16).digest(), min_score
        if key not in self._found:
            self._found[key] = self._detector.detect(bgr, min_score)
        return self._found[key]


@dataclass(frozen=True, slots=True)
class SomebodyFaint:
    """A detector that looks, and finds nobody but somebody faint in the upper left: a closer look follows."""

    detector: Detector
    score: float

    def detect(self, bgr: Picture, min_score: float = MIN_SCORE) -> list[Detection]:
        things = [one for one in self.detector.detect(bgr, min_score) if one.label != coco.PERSON]
        return [*things, Detection(coco.PERSON, self.score, SOMEBODY)]


@dataclass(slots=True)
class Looks:
    """One model's judgements of pictures. Where the look depends on the zones, it is put together again for each
    drawing of them."""

    classifier: EmbeddedClassifier
    _kept: dict[tuple[bytes, tuple[Region, ...]], tuple[list[Detection], int, int]] = field(default_factory=dict)

    def judge(self, jpeg: bytes, regions: Sequence[Region]) -> Judgement:
        """The judgement as the product makes it."""
        found, width, height = self._look(jpeg, tuple(regions))
        return self.classifier.decide(regions, found, width, height)

    def _look(self, jpeg: bytes, regions: tuple[Region, ...]) -> tuple[list[Detection], int, int]:
        key = (jpeg, regions if self.classifier.sees_by_zone else ())
        if key not in self._kept:
            bgr = read_picture(jpeg)
            self._kept[key] = self.classifier.see(bgr, regions), bgr.shape[1], bgr.shape[0]
        return self._kept[key]


@dataclass(frozen=True, slots=True)
class Recogniser:
    """``is_built``: the product judges like this; the others are for comparison.

    ``classifier`` looks anew each time, and so does ``in_doubt``, in whose frames nobody but somebody faint is; None
    where that costs no closer look.
    """

    name: str
    judge: Judge
    is_built: bool = True
    classifier: EmbeddedClassifier | None = None
    in_doubt: EmbeddedClassifier | None = None


def build_all(models: Path) -> list[Recogniser]:
    """Every model that is set up, with every rule. Raises ModelMissing when there is none."""
    found: list[Recogniser] = []
    for source, spec in MODELS.values():
        with suppress(ModelMissing):
            found += _of_model(models, source, spec)
    if not found:
        raise ModelMissing(f"no model is set up in {models}: run `make run` once")
    return found


def _of_model(models: Path, source: ModelSource, spec: DetectorSpec) -> Iterator[Recogniser]:
    detector = open_detector(find(models, source), spec)
    closer = closer_detector(detector, spec)

    def classifier(whole: Detector, closer: Detector | None) -> EmbeddedClassifier:
        look = look_of(whole, closer, spec)
        return EmbeddedClassifier(look, name=spec.name, version=source.version, scores=spec.scores)

    looks = Looks(classifier(Kept(detector), closer and Kept(closer)))
    yield Recogniser(
        f"{spec.name}, as built", looks.judge,
        classifier=classifier(detector, closer),
        in_doubt=None if closer is None else classifier(SomebodyFaint(detector, spec.scores.faint), closer),
    )  # fmt: skip
    yield Recogniser(f"{spec.name}, no table tops", _without_tops(looks), is_built=False)
    for what, rule in (("share alone", by_share), ("nearest seats alone", by_seats)):
        yield Recogniser(f"{spec.name}, {what}", _ruled(looks, rule), is_built=False)


def _without_tops(looks: Looks) -> Judge:
    """Where nobody has drawn the table tops."""
    return lambda jpeg, regions: looks.judge(jpeg, [replace(region, top=None) for region in regions])


def _ruled(looks: Looks, rule: Rule) -> Judge:
    return lambda jpeg, regions: rule(looks.judge(jpeg, regions), looks.classifier.scores.certain)


def by_share(judgement: Judgement, certain: float) -> Judgement:
    """A person is at the table whose zone holds the largest share of the box, and nobody is in doubt.

    ``certain``: from which score on a person counts; models differ.
    """
    return _forced(judgement, certain, lambda person: person.table_id)


def by_seats(judgement: Judgement, certain: float) -> Judgement:
    """A person is at the table whose seats are nearest, and nobody is in doubt."""
    return _forced(judgement, certain, lambda person: person.second_table_id)


def _forced(judgement: Judgement, certain: float, table_of: Callable[[Seen], str | None]) -> Judgement:
    best: dict[str, float] = {}
    for person in judgement.seen:
        table = table_of(person)
        if person.label == coco.PERSON and person.score >= certain and table is not None:
            best[table] = max(best.get(table, 0.0), person.score)
    return replace(judgement, verdicts=tuple(_decided(each, best.get(each.table_id)) for each in judgement.verdicts))


def _decided(verdict: TableVerdict, score: float | None) -> TableVerdict:
    if score is None:
        return replace(verdict, label="free", confidence=0.9, reason=None)
    return replace(verdict, label="occupied", confidence=score, reason=None)
