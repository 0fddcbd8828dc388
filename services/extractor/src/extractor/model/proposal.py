"""When a layout is proposed for a camera that was moved, and what is written beside it. Pure."""

from extractor.model.alignment import REFUSALS, Refusal, Transform
from extractor.model.carried import Carried, is_same
from tablewatch_schemas import CameraStatusLayoutProposal
from tablewatch_schemas.layout import Layout

Outcome = Carried | Refusal
SOON_S, REFUSED_S, PROPOSED_S = 5.0, 120.0, 600.0
"""Until the next estimate: while the last two differ, after a refusal, while a proposal stands. The camera may be moved
once more, and who stood before it may have gone."""
TRANSFORM = 9


def agrees(before: Outcome | None, now: Outcome) -> bool:
    """Whether two estimates in a row find the same."""
    if isinstance(before, Carried) and isinstance(now, Carried):
        return is_same(now.origin, before.transform, now.transform, now.aspect)
    return before == now


def is_same_as(standing: CameraStatusLayoutProposal | None, now: Outcome) -> bool:
    """Whether what was proposed is this already."""
    if standing is None:
        return False
    if isinstance(now, Carried):
        transform = _transform(standing)
        return transform is not None and is_same(now.origin, transform, now.transform, now.aspect)
    return standing.code == now


def next_estimate_s(found: Outcome | None, *, settled: bool) -> float:
    """Seconds from now."""
    if not settled:
        return SOON_S
    return PROPOSED_S if isinstance(found, Carried) else REFUSED_S


def sentence(layout: Layout, outcome: Outcome) -> str:
    """For people."""
    if not isinstance(outcome, Carried):
        return REFUSALS[outcome]
    kept, drawn = len(outcome.layout.tables), len(layout.tables)
    which = "All tables are" if kept == drawn else f"{kept} of {drawn} tables are"
    return f"{which} in the picture; look whether they are drawn where they stand."


def _transform(standing: CameraStatusLayoutProposal) -> Transform | None:
    numbers = standing.transform or ()
    if len(numbers) != TRANSFORM:
        return None
    a, b, c, d, e, f, g, h, i = map(float, numbers)
    return a, b, c, d, e, f, g, h, i
