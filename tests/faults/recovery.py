"""How soon the work of an upload goes on once a fault is over, beside undisturbed uploads of the same stack."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from tests.support.event_times import STEPS, EventTimes
from tests.support.uploads import Upload

CROPS = "crop.ready"
LABELS = {topic: f"the next {step}" for topic, step in STEPS.items()} | {"end": "the end"}
Seconds = dict[str, float]
"""Until the next event on each topic, and until the `end`. Without topics on which all was published before."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Of one upload from the end of a fault, and on average of undisturbed ones from the same crop on."""

    after: Seconds
    usual: Seconds


def recovery_of(times: EventTimes, upload: Upload, since: float, usual: Sequence[Upload]) -> Recovery:
    """Of an ended upload. `usual` are ended uploads of the same stack that no fault met."""
    crops = sum(at <= since for at in times.of(upload.run_id, CROPS))
    seconds = [
        _from(times, each, times.of(each.run_id, CROPS)[crops - 1] if crops else each.began_at) for each in usual
    ]
    steps = {step for of in seconds for step in of}
    average = {step: mean(of[step] for of in seconds if step in of) for step in steps}
    return Recovery(_from(times, upload, since), average)


def _from(times: EventTimes, upload: Upload, since: float) -> Seconds:
    found = {"end": upload.ended_at - since}
    for topic in STEPS:
        later = [at for at in times.of(upload.run_id, topic) if at > since]
        if later:
            found[topic] = later[0] - since
    return found


def sentence(recoveries: Sequence[Recovery]) -> str:
    """The figures of all uploads in the order of their start."""
    steps = (
        f"{label} {_listed(each.after.get(step) for each in recoveries)}"
        f" ({_listed(each.usual.get(step) for each in recoveries)})"
        for step, label in LABELS.items()
    )
    return ", ".join(steps) + " s (in brackets undisturbed)"


def _listed(seconds: Iterable[float | None]) -> str:
    return " / ".join("-" if each is None else f"{each:.1f}" for each in seconds)
