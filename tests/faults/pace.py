"""How soon the work of an upload goes on once a fault is over, beside what is usual there."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from tests.support.load import Sent
from tests.support.watch import STEPS, Watch

CROPS = "crop.ready"
WORDS = {topic: f"the next {step}" for topic, step in STEPS.items()} | {"end": "the end"}
Seconds = dict[str, float]
"""Until the next event on each topic, and until the `end`. Without a topic on which all was told before."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one upload from the end of a fault, and on average of undisturbed ones that stand at the same crop."""

    after: Seconds
    usual: Seconds


def pace(watch: Watch, sent: Sent, since: float, calm: Sequence[Sent]) -> Pace:
    """Of an ended upload. `calm` are ended uploads of the same stack that no fault met."""
    crops = sum(at <= since for at in watch.told(sent.run_id, CROPS))
    usual = [_from(watch, each, watch.told(each.run_id, CROPS)[crops - 1] if crops else each.began_at) for each in calm]
    steps = {step for of in usual for step in of}
    return Pace(_from(watch, sent, since), {step: mean(of[step] for of in usual if step in of) for step in steps})


def _from(watch: Watch, sent: Sent, since: float) -> Seconds:
    found = {"end": sent.ended_at - since}
    for topic in STEPS:
        later = [at for at in watch.told(sent.run_id, topic) if at > since]
        if later:
            found[topic] = later[0] - since
    return found


def told(paces: Sequence[Pace]) -> str:
    """One sentence, the uploads in the order of their start."""
    said = (
        f"{words} {_all([each.after.get(step) for each in paces])} ({_all([each.usual.get(step) for each in paces])})"
        for step, words in WORDS.items()
    )
    return ", ".join(said) + " s (in brackets undisturbed)"


def _all(seconds: Sequence[float | None]) -> str:
    return " / ".join("-" if each is None else f"{each:.1f}" for each in seconds)
