"""Whether the pictures of a camera show what is there now: one trouble at a time, found when it lasts. Pure.

How long it has to last is weighed against what looks like it and is none: somebody who stands before the lens, a light
that goes off and on, a room in which nothing moves. Thresholds and what they cost: docs/measurements/camera-health.md.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from extractor.model.scene import Scene

Trouble = Literal["same_picture", "dark", "blocked", "moved"]


@dataclass(frozen=True, slots=True)
class Lasting:
    """What makes a finding certain: so many pictures in a row, over so many seconds."""

    pictures: int
    seconds: float


CERTAIN: dict[Trouble | None, Lasting] = {
    "same_picture": Lasting(3, 10.0),
    "dark": Lasting(3, 5.0),
    "blocked": Lasting(3, 20.0),
    "moved": Lasting(3, 10.0),
    None: Lasting(2, 0.0),
}
"""None: the camera is well again."""
DARK = 0.1
"""Light below which nobody can be told from the dark: a tenth of the picture is brighter than that even with one lamp
on. A room at a quarter of its light has 0.15 and more."""
MOSTLY_LOST = 0.35
"""Share of the outlines: people and changed light take a seventh at most, what covers a lens 0.46 and more."""
MOVED_PX = 1.5
"""Of 320: nine pixels at 1080p. Nobody moved a camera by less, and pictures that lie still differ by up to 0.5."""
HARDLY_AGREEING = 0.25
"""Of the tiles: a turned camera, or another scene. Where people come and go a third and more agree."""


@dataclass(frozen=True, slots=True)
class Health:
    """The trouble that is certain, and another finding that is not yet: since when, by how many pictures."""

    trouble: Trouble | None = None
    found: Trouble | None = None
    since_s: float = 0.0
    pictures: int = 0


def trouble_of(code: str | None) -> Trouble | None:
    """That which a status with this code told, so that it goes on with whoever takes the camera over."""
    return next((each for each in get_args(Trouble) if each == code), None)


def next_health(health: Health, scene: Scene, at_s: float) -> Health:
    """After one more picture; `at_s` of a monotonic clock. A single one ends what was not certain yet."""
    if scene.same and scene.light >= DARK:
        return _same(health, scene)
    if health.trouble == "same_picture":
        return _differing(health, scene, at_s)
    return _found(health, judged(scene), at_s)


def judged(scene: Scene) -> Trouble | None:
    """What one picture shows by itself. The dark hides the others, and who covers a lens often moves it."""
    if scene.light < DARK:
        return "dark"
    if scene.compared is None:
        return None
    if scene.compared.lost >= MOSTLY_LOST:
        return "blocked"
    is_elsewhere = scene.compared.shift > MOVED_PX or scene.compared.agreeing < HARDLY_AGREEING
    return "moved" if is_elsewhere else None


def _same(health: Health, scene: Scene) -> Health:
    """A picture like the one before says nothing of its own: not even that the camera is well."""
    certain = CERTAIN["same_picture"]
    if health.trouble == "same_picture" or (scene.same + 1 >= certain.pictures and scene.same_s >= certain.seconds):
        return Health("same_picture")
    return health


def _differing(health: Health, scene: Scene, at_s: float) -> Health:
    """After one picture more that is not like the one before: a few end the freeze, whatever they show by turns."""
    if health.pictures + 1 >= CERTAIN[None].pictures:
        return _found(Health(), judged(scene), at_s)
    return replace(health, pictures=health.pictures + 1)


def _found(health: Health, found: Trouble | None, at_s: float) -> Health:
    if found == health.trouble:
        return Health(health.trouble)
    if found != health.found or health.pictures == 0:
        health = replace(health, found=found, since_s=at_s, pictures=0)
    health = replace(health, pictures=health.pictures + 1)
    certain = CERTAIN[found]
    if health.pictures >= certain.pictures and at_s - health.since_s >= certain.seconds:
        return Health(found)
    return health
